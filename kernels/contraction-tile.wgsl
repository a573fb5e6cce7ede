// Contraction, form for adapters without subgroups of a fixed size. Launch:
// ceil(n / 32) x ceil(m / 32) x z workgroups of 64 threads, each 4 x 4 outputs
// in registers. Follows contraction.wgsl.

@compute @workgroup_size(8, 8)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) group: vec3u,
) {
  let z = group.z;
  let column = id.x * 4u;
  let row = id.y * 4u;
  // Threads beyond the edge read the last row or column and store nothing.
  let last_row = params.m - 1u;
  let last_column = params.n - 1u;
  let r0 = row_of(z, min(row, last_row));
  let r1 = row_of(z, min(row + 1u, last_row));
  let r2 = row_of(z, min(row + 2u, last_row));
  let r3 = row_of(z, min(row + 3u, last_row));
  let c0 = column_of(z, min(column, last_column));
  let c1 = column_of(z, min(column + 1u, last_column));
  let c2 = column_of(z, min(column + 2u, last_column));
  let c3 = column_of(z, min(column + 3u, last_column));
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  var d = first(z);
  for (var k = 0u; k < params.depth; k++) {
    let right = vec4f(load_b(c0, d), load_b(c1, d), load_b(c2, d), load_b(c3, d));
    s0 = s0 + load_a(r0, d) * right;
    s1 = s1 + load_a(r1, d) * right;
    s2 = s2 + load_a(r2, d) * right;
    s3 = s3 + load_a(r3, d) * right;
    d = next(d);
  }
  let start = vec4u(c0.out, c1.out, c2.out, c3.out);
  store4(z, row, column, start, s0);
  store4(z, row + 1u, column, start, s1);
  store4(z, row + 2u, column, start, s2);
  store4(z, row + 3u, column, start, s3);
}
