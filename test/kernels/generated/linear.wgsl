enable subgroups;
alias Element = f32;
// Matrix products: A (z, m, depth) and B (z, depth, n) by strides, out (m, n)
// row-major, out_batch elements apart. A form of contraction.wgsl.
// params: a_batch, a_rows, a_columns, b_batch, b_rows, b_columns, bias_batch,
// out_batch.

struct Row { at: u32 }
struct Column { at: u32, out: u32 }
struct Depth { a: u32, b: u32 }

fn row_of(z: u32, row: u32) -> Row {
  return Row(z * params.a_batch + row * params.a_rows);
}
fn column_of(z: u32, column: u32) -> Column {
  return Column(
    z * params.b_batch + column * params.b_columns,
    z * params.out_batch + column,
  );
}
fn first(z: u32) -> Depth { return Depth(0u, 0u); }
fn next(d: Depth) -> Depth {
  return Depth(d.a + params.a_columns, d.b + params.b_rows);
}
fn load_a(row: Row, d: Depth) -> Element { return a[row.at + d.a]; }
fn load_b(column: Column, d: Depth) -> Element { return b[column.at + d.b]; }
fn bias_at(z: u32, row: u32, column: u32) -> u32 {
  return z * params.bias_batch + column;
}


fn finish(at: u32, z: u32, row: u32, column: u32, sum: f32) -> f32 {
return sum;
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
  a_batch: u32,
  a_rows: u32,
  a_columns: u32,
  b_batch: u32,
  b_rows: u32,
  b_columns: u32,
  bias_batch: u32,
  out_batch: u32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Element>;
@group(0) @binding(2) var<storage, read> b: array<Element>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
