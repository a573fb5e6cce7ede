// What all forms of the matrix product share: out (m, n) row-major; a (m, depth)
// and b (depth, n) by strides. src/ops/gemm.ts fills in EXTRA (the binding of a
// bias, or nothing), OUT_BINDING and FINISH (what is stored of the sum).

struct Params {
  m: u32, n: u32, depth: u32,
  a_rows: u32, a_columns: u32, b_rows: u32, b_columns: u32,
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
