// y = w * x: row = output of the group, column = (image, oy, ox),
// k = (channel, ky, kx). Follows conv2d.wgsl; a form of contraction.wgsl.

struct Row { at: u32 }
struct Column { at: u32, y: i32, x: i32, out: u32 }
struct Depth { k: u32, plane: u32, ky: u32, kx: u32 }

fn row_of(z: u32, row: u32) -> Row {
  return Row((z * own_outputs() + row) * params.depth);
}
fn column_of(z: u32, column: u32) -> Column {
  let positions = params.oh * params.ow;
  let image = column / positions;
  let position = column % positions;
  let planes = image * params.channels + z * own_channels();
  return Column(
    planes * params.height * params.width,
    i32(position / params.ow * params.stride) - i32(params.padding),
    i32(position % params.ow * params.stride) - i32(params.padding),
    (image * params.outputs + z * own_outputs()) * positions + position,
  );
}
fn first(z: u32) -> Depth { return Depth(); }
fn next(d: Depth) -> Depth {
  var n = Depth(d.k + 1u, d.plane, d.ky, d.kx + 1u);
  if (n.kx == params.kw) { n.kx = 0u; n.ky += 1u; }
  if (n.ky == params.kh) { n.ky = 0u; n.plane += params.height * params.width; }
  return n;
}
fn load_a(row: Row, d: Depth) -> f32 { return a[row.at + d.k]; }
fn load_b(column: Column, d: Depth) -> f32 {
  // Less than 0 is more than any height.
  let y = u32(column.y + i32(d.ky));
  let x = u32(column.x + i32(d.kx));
  let inside = (y < params.height) & (x < params.width);
  let at = column.at + d.plane + y * params.width + x;
  return select(0.0, b[select(column.at, at, inside)], inside);
}
