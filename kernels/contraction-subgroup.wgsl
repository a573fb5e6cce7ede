// Contraction, form for adapters whose subgroups have a fixed number of lanes
// (LANES), chiefly software: there loads are what is paid, and code that does
// not fit the CPU's instruction cache. A workgroup is one subgroup: each lane
// owns 4 neighbouring columns of ROWS rows; a lane loads the elements of A of a
// few rows and hands them round. Two k at a time, as lavapipe masks each change
// of a sum in a loop. Launch: ceil(n / (4 LANES)) x ceil(m / ROWS) x z
// workgroups. Follows `enable subgroups;` and contraction.wgsl. Lines that begin
// with EACH are repeated (src/kernels/contraction-gpu.ts, which also fills in the
// other capital words).

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let z = group.z;
  let column = (group.x * LANESu + lane) * 4u;
  let row = group.y * ROWSu;
  // Lanes beyond the edge read the last row or column and store nothing.
  let last_row = params.m - 1u;
  let last_column = params.n - 1u;
EACH(o,OWN) let row$o = row_of(z, min(row + min($ou * LANESu + lane, ROWSu - 1u), last_row));
EACH(c,4) let c$c = column_of(z, min(column + $cu, last_column));
EACH(o,OWN) EACH(l,SHARERS) var s$o_$l = vec4f();
  var d = first(z);
  for (var k = 0u; k < params.depth; k += 2u) {
    // Where the number of k is odd, 0 * 0 is added to end with: a sum that began
    // with +0 is never -0, so no bit of it changes.
    let inside = k + 1u < params.depth;
    let e = next(d);
EACH(o,OWN) let a$o_0 = load_a(row$o, d);
    let b0 = vec4f(load_b(c0, d), load_b(c1, d), load_b(c2, d), load_b(c3, d));
EACH(o,OWN) let a$o_1 = select(0.0, load_a(row$o, e), inside);
    let last = vec4f(load_b(c0, e), load_b(c1, e), load_b(c2, e), load_b(c3, e));
    let b1 = select(vec4f(), last, inside);
EACH(o,OWN) EACH(l,SHARERS) EACH(u,2) s$o_$l = s$o_$l + subgroupBroadcast(a$o_$u, $lu) * b$u;
    d = next(e);
  }
  let start = vec4u(c0.out, c1.out, c2.out, c3.out);
  // In a loop, as each store is much code; the copy leaves the sums registers.
  let sums = array<vec4f, ROWS>(
EACH(o,OWN) EACH(l,SHARERS) s$o_$l,
  );
  var rows = sums;
  let end = min(row + ROWSu, params.m);
  for (var i = row; i < end; i++) {
    store4(z, i, column, start, rows[i - row]);
  }
}
