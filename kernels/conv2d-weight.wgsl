// Message to w: row = output of the group, column = (channel, ky, kx),
// k = (image, oy, ox). a is the error of y, b is x. Follows conv2d.wgsl; a form
// of contraction.wgsl.

struct Row { at: u32 }
struct Column { at: u32, ky: u32, kx: u32, out: u32 }
struct Depth { eps: u32, x_image: u32, oy: u32, ox: u32 }

fn row_of(z: u32, row: u32) -> Row {
  return Row((z * own_outputs() + row) * params.oh * params.ow);
}
fn column_of(z: u32, column: u32) -> Column {
  let filter_size = params.kh * params.kw;
  let channel = column / filter_size;
  let inner = column % filter_size;
  return Column(
    (z * own_channels() + channel) * params.height * params.width,
    inner / params.kw,
    inner % params.kw,
    z * params.m * params.n + column,
  );
}
fn first(z: u32) -> Depth { return Depth(); }
fn next(d: Depth) -> Depth {
  var n = Depth(d.eps + 1u, d.x_image, d.oy, d.ox + 1u);
  if (n.ox == params.ow) { n.ox = 0u; n.oy += 1u; }
  if (n.oy == params.oh) {
    n.oy = 0u;
    n.x_image += params.channels * params.height * params.width;
    // On to the next image: the planes of the other outputs lie between.
    n.eps += (params.outputs - 1u) * params.oh * params.ow;
  }
  return n;
}
fn load_a(row: Row, d: Depth) -> f32 { return a[row.at + d.eps]; }
fn load_b(column: Column, d: Depth) -> f32 {
  // Less than 0 is more than any height.
  let y = u32(i32(d.oy * params.stride + column.ky) - i32(params.padding));
  let x = u32(i32(d.ox * params.stride + column.kx) - i32(params.padding));
  let inside = (y < params.height) & (x < params.width);
  let at = column.at + d.x_image + y * params.width + x;
  return select(0.0, b[select(column.at, at, inside)], inside);
}
