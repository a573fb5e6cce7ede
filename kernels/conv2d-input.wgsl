// Message to x: row = channel of the group, column = (image, y, x),
// k = (output, ky, kx). a is w, b the error of y. Follows conv2d.wgsl; a form of
// contraction.wgsl.

struct Row { at: u32 }
// A pixel's place in the padded image, as quotient and remainder by the stride.
struct Column { at: u32, y: u32, x: u32, y_rest: u32, x_rest: u32, out: u32 }
// ky and kx as quotient and remainder likewise.
struct Depth {
  w: u32, plane: u32, ky: u32, kx: u32,
  y: u32, x: u32, y_rest: u32, x_rest: u32,
}

fn row_of(z: u32, row: u32) -> Row {
  return Row(row * params.kh * params.kw);
}
fn column_of(z: u32, column: u32) -> Column {
  let pixels = params.height * params.width;
  let image = column / pixels;
  let pixel = column % pixels;
  let planes = image * params.outputs + z * own_outputs();
  let y = pixel / params.width + params.padding;
  let x = pixel % params.width + params.padding;
  return Column(
    planes * params.oh * params.ow,
    y / params.stride,
    x / params.stride,
    y % params.stride,
    x % params.stride,
    (image * params.channels + z * own_channels()) * pixels + pixel,
  );
}
fn first(z: u32) -> Depth {
  var d = Depth();
  d.w = z * own_outputs() * own_channels() * params.kh * params.kw;
  return d;
}
fn next(d: Depth) -> Depth {
  var n = d;
  n.w += 1u;
  n.kx += 1u;
  n.x_rest += 1u;
  if (n.x_rest == params.stride) { n.x_rest = 0u; n.x += 1u; }
  if (n.kx == params.kw) {
    n.kx = 0u;
    n.x = 0u;
    n.x_rest = 0u;
    n.ky += 1u;
    n.y_rest += 1u;
  }
  if (n.y_rest == params.stride) { n.y_rest = 0u; n.y += 1u; }
  if (n.ky == params.kh) {
    n.ky = 0u;
    n.y = 0u;
    n.y_rest = 0u;
    n.plane += params.oh * params.ow;
    // On to the next output: its weights lie a filter further.
    n.w += (own_channels() - 1u) * params.kh * params.kw;
  }
  return n;
}
fn load_a(row: Row, d: Depth) -> f32 { return a[row.at + d.w]; }
fn load_b(column: Column, d: Depth) -> f32 {
  // (y - ky) / stride is whole where the remainders are the same. Less than 0
  // is more than any height.
  let oy = column.y - d.y;
  let ox = column.x - d.x;
  let inside = (oy < params.oh) & (ox < params.ow)
    & (column.y_rest == d.y_rest) & (column.x_rest == d.x_rest);
  let at = column.at + d.plane + oy * params.ow + ox;
  return select(0.0, b[select(column.at, at, inside)], inside);
}
