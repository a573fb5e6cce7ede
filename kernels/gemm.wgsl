// Matrix product with strides, form for adapters without subgroups of a fixed
// size. out[i, j] = sum over k of a[i, k] b[k, j], k ascending.
// Shapes: out (m, n) row-major; a and b by strides. Launch: ceil(n / 32) x
// ceil(m / 32) workgroups of 64 threads, each 4 x 4 outputs in registers.
// EXTRA, OUT_BINDING and FINISH are filled in by src/ops/gemm.ts.

struct Params {
  m: u32, n: u32, depth: u32,
  a_rows: u32, a_columns: u32, b_rows: u32, b_columns: u32,
  mode: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
EXTRA
@group(0) @binding(OUT_BINDING) var<storage, read_write> out: array<f32>;

fn store(row: u32, column: u32, sum: f32) {
  if (row < params.m && column < params.n) {
    let at = row * params.n + column;
    out[at] = FINISH;
  }
}

fn store4(row: u32, column: u32, sum: vec4f) {
  store(row, column, sum.x);
  store(row, column + 1u, sum.y);
  store(row, column + 2u, sum.z);
  store(row, column + 3u, sum.w);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x * 4u;
  let row = id.y * 4u;
  // Threads beyond the edge read the last row or column and store nothing.
  let last_row = params.m - 1u;
  let last_column = params.n - 1u;
  var pa = vec4u(
    min(row, last_row), min(row + 1u, last_row),
    min(row + 2u, last_row), min(row + 3u, last_row)) * params.a_rows;
  var pb = vec4u(
    min(column, last_column), min(column + 1u, last_column),
    min(column + 2u, last_column), min(column + 3u, last_column)) * params.b_columns;
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  for (var k = 0u; k < params.depth; k++) {
    let right = vec4f(b[pb.x], b[pb.y], b[pb.z], b[pb.w]);
    s0 = s0 + a[pa.x] * right;
    s1 = s1 + a[pa.y] * right;
    s2 = s2 + a[pa.z] * right;
    s3 = s3 + a[pa.w] * right;
    pa += vec4u(params.a_columns);
    pb += vec4u(params.b_rows);
  }
  store4(row, column, s0);
  store4(row + 1u, column, s1);
  store4(row + 2u, column, s2);
  store4(row + 3u, column, s3);
}
