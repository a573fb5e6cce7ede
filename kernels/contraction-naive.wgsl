// Contraction, one output a thread: what the other forms are measured against.
// Launch: ceil(n / 8) x ceil(m / 8) x z workgroups of 64 threads. Follows
// contraction.wgsl.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let z = id.z;
  let row = row_of(z, min(id.y, params.m - 1u));
  let column = column_of(z, min(id.x, params.n - 1u));
  var sum = 0.0;
  var d = first(z);
  for (var k = 0u; k < params.depth; k++) {
    sum = sum + load_a(row, d) * load_b(column, d);
    d = next(d);
  }
  store(z, id.y, id.x, column.out, sum);
}
