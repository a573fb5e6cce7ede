// Matrix product with strides, form for adapters without subgroups of a fixed
// size. out[i, j] = sum over k of a[i, k] b[k, j], k ascending.
// Shapes: out (m, n) row-major; a and b by strides. Launch: ceil(n / 32) x
// ceil(m / 32) workgroups of 64 threads, each 4 x 4 outputs in registers.
// Follows gemm-common.wgsl.

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
