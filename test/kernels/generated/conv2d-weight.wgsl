enable subgroups;
alias Element = f32;
// What the three contractions of conv2d share. x (batch, channels, height, width),
// w (outputs, channels / groups, kh, kw), y (batch, outputs, oh, ow), NCHW,
// cross-correlation; z is the group. Elements of the padding are 0.
// params: groups, batch, channels, height, width, outputs, oh, ow, kh, kw, stride,
// padding.

// Channels and outputs of one group.
fn own_channels() -> u32 { return params.channels / params.groups; }
fn own_outputs() -> u32 { return params.outputs / params.groups; }

fn bias_at(z: u32, row: u32, column: u32) -> u32 {
  return z * params.m + row;
}

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


fn finish(at: u32, z: u32, row: u32, column: u32, sum: f32) -> f32 {
return out[at] + sum;
}
// What all contractions share: out[z, i, j] = sum over k of A(z, i, k) B(z, k, j),
// k ascending. src/kernels/contraction.ts puts a form's file before this one
// (gemm.wgsl, conv2d-*.wgsl), which says where the elements lie:
//   row_of(z, row), column_of(z, column)  what of an index does not depend on k;
//                                         column.out is where row 0 is stored,
//   first(z), next(depth)                 k as the form counts it,
//   load_a(row, depth), load_b(column, depth)
// params: m, n, depth, batches (how many z there are), out_rows (elements between
// rows of the output), and those of the form. Element is f32, or vec4f where
// operands are read in fours; `finish` gives what is stored of a sum.
// `&&` is a branch, so what stands in loops has `&` (see README.md here).

fn store(z: u32, row: u32, column: u32, start: u32, sum: f32) {
  if ((row < params.m) & (column < params.n)) {
    let at = start + row * params.out_rows;
    out[at] = finish(at, z, row, column, sum);
  }
}

fn store4(z: u32, row: u32, column: u32, start: vec4u, sum: vec4f) {
  store(z, row, column, start.x, sum.x);
  store(z, row, column + 1u, start.y, sum.y);
  store(z, row, column + 2u, start.z, sum.z);
  store(z, row, column + 3u, start.w, sum.w);
}

// Contraction, form for adapters whose subgroups have a fixed number of lanes
// (8), chiefly software: there loads are what is paid, and code that does
// not fit the CPU's instruction cache. A workgroup is one subgroup: each lane
// owns 4 neighbouring columns of 8 rows; a lane loads the elements of A of a
// few rows and hands them round. Two k at a time, as lavapipe masks each change
// of a sum in a loop. Launch: ceil(n / (4 8)) x ceil(m / 8) x z
// workgroups. Follows `enable subgroups;` and contraction.wgsl. Lines that begin
// with EACH are repeated (src/kernels/contraction-gpu.ts, which also fills in the
// other capital words).

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let z = group.z;
  let column = (group.x * 8u + lane) * 4u;
  let row = group.y * 8u;
  // Lanes beyond the edge read the last row or column and store nothing.
  let last_row = params.m - 1u;
  let last_column = params.n - 1u;
let row0 = row_of(z, min(row + min(0u * 8u + lane, 8u - 1u), last_row));
let c0 = column_of(z, min(column + 0u, last_column));
let c1 = column_of(z, min(column + 1u, last_column));
let c2 = column_of(z, min(column + 2u, last_column));
let c3 = column_of(z, min(column + 3u, last_column));
var s0_0 = vec4f();
var s0_1 = vec4f();
var s0_2 = vec4f();
var s0_3 = vec4f();
var s0_4 = vec4f();
var s0_5 = vec4f();
var s0_6 = vec4f();
var s0_7 = vec4f();
  var d = first(z);
  for (var k = 0u; k < params.depth; k += 2u) {
    // Where the number of k is odd, 0 * 0 is added to end with: a sum that began
    // with +0 is never -0, so no bit of it changes.
    let inside = k + 1u < params.depth;
    let e = next(d);
let a0_0 = load_a(row0, d);
    let b0 = vec4f(load_b(c0, d), load_b(c1, d), load_b(c2, d), load_b(c3, d));
let a0_1 = select(0.0, load_a(row0, e), inside);
    let last = vec4f(load_b(c0, e), load_b(c1, e), load_b(c2, e), load_b(c3, e));
    let b1 = select(vec4f(), last, inside);
s0_0 = s0_0 + subgroupBroadcast(a0_0, 0u) * b0;
s0_0 = s0_0 + subgroupBroadcast(a0_1, 0u) * b1;
s0_1 = s0_1 + subgroupBroadcast(a0_0, 1u) * b0;
s0_1 = s0_1 + subgroupBroadcast(a0_1, 1u) * b1;
s0_2 = s0_2 + subgroupBroadcast(a0_0, 2u) * b0;
s0_2 = s0_2 + subgroupBroadcast(a0_1, 2u) * b1;
s0_3 = s0_3 + subgroupBroadcast(a0_0, 3u) * b0;
s0_3 = s0_3 + subgroupBroadcast(a0_1, 3u) * b1;
s0_4 = s0_4 + subgroupBroadcast(a0_0, 4u) * b0;
s0_4 = s0_4 + subgroupBroadcast(a0_1, 4u) * b1;
s0_5 = s0_5 + subgroupBroadcast(a0_0, 5u) * b0;
s0_5 = s0_5 + subgroupBroadcast(a0_1, 5u) * b1;
s0_6 = s0_6 + subgroupBroadcast(a0_0, 6u) * b0;
s0_6 = s0_6 + subgroupBroadcast(a0_1, 6u) * b1;
s0_7 = s0_7 + subgroupBroadcast(a0_0, 7u) * b0;
s0_7 = s0_7 + subgroupBroadcast(a0_1, 7u) * b1;
    d = next(e);
  }
  let start = vec4u(c0.out, c1.out, c2.out, c3.out);
  // In a loop, as each store is much code; the copy leaves the sums registers.
  let sums = array<vec4f, 8>(
s0_0,
s0_1,
s0_2,
s0_3,
s0_4,
s0_5,
s0_6,
s0_7,
  );
  var rows = sums;
  let end = min(row + 8u, params.m);
  for (var i = row; i < end; i++) {
    store4(z, i, column, start, rows[i - row]);
  }
}


struct Params {
  m: u32,
  n: u32,
  depth: u32,
  batches: u32,
  out_rows: u32,
  groups: u32,
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  outputs: u32,
  oh: u32,
  ow: u32,
  kh: u32,
  kw: u32,
  stride: u32,
  padding: u32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Element>;
@group(0) @binding(2) var<storage, read> b: array<Element>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
