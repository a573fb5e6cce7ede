// Contraction, form for adapters whose subgroups have a fixed number of lanes
// (LANES). A workgroup is one subgroup: each lane owns 4 neighbouring columns
// and sums 16 rows of them; a lane loads a few rows of A and hands them round,
// because loads, not arithmetic, are what software adapters pay. Launch:
// ceil(n / (4 LANES)) x ceil(m / 16) x z workgroups. Follows `enable subgroups;`
// and contraction.wgsl; src/ops/contraction.ts fills in LANES.

const OWN = (15u + LANESu) / LANESu;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let z = group.z;
  let column = (group.x * LANESu + lane) * 4u;
  let row = group.y * 16u;
  // Lanes beyond the edge read the last row or column and store nothing.
  let last_row = params.m - 1u;
  let last_column = params.n - 1u;
  var rows = array<Row, OWN>();
  var own = array<f32, OWN>();
  for (var r = 0u; r < OWN; r++) {
    rows[r] = row_of(z, min(row + min(r * LANESu + lane, 15u), last_row));
  }
  let c0 = column_of(z, min(column, last_column));
  let c1 = column_of(z, min(column + 1u, last_column));
  let c2 = column_of(z, min(column + 2u, last_column));
  let c3 = column_of(z, min(column + 3u, last_column));
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  var s4 = vec4f();
  var s5 = vec4f();
  var s6 = vec4f();
  var s7 = vec4f();
  var s8 = vec4f();
  var s9 = vec4f();
  var s10 = vec4f();
  var s11 = vec4f();
  var s12 = vec4f();
  var s13 = vec4f();
  var s14 = vec4f();
  var s15 = vec4f();
  var d = first(z);
  for (var k = 0u; k < params.depth; k++) {
    for (var r = 0u; r < OWN; r++) {
      own[r] = load_a(rows[r], d);
    }
    let right = vec4f(load_b(c0, d), load_b(c1, d), load_b(c2, d), load_b(c3, d));
    s0 = s0 + subgroupBroadcast(own[0u / LANESu], 0u % LANESu) * right;
    s1 = s1 + subgroupBroadcast(own[1u / LANESu], 1u % LANESu) * right;
    s2 = s2 + subgroupBroadcast(own[2u / LANESu], 2u % LANESu) * right;
    s3 = s3 + subgroupBroadcast(own[3u / LANESu], 3u % LANESu) * right;
    s4 = s4 + subgroupBroadcast(own[4u / LANESu], 4u % LANESu) * right;
    s5 = s5 + subgroupBroadcast(own[5u / LANESu], 5u % LANESu) * right;
    s6 = s6 + subgroupBroadcast(own[6u / LANESu], 6u % LANESu) * right;
    s7 = s7 + subgroupBroadcast(own[7u / LANESu], 7u % LANESu) * right;
    s8 = s8 + subgroupBroadcast(own[8u / LANESu], 8u % LANESu) * right;
    s9 = s9 + subgroupBroadcast(own[9u / LANESu], 9u % LANESu) * right;
    s10 = s10 + subgroupBroadcast(own[10u / LANESu], 10u % LANESu) * right;
    s11 = s11 + subgroupBroadcast(own[11u / LANESu], 11u % LANESu) * right;
    s12 = s12 + subgroupBroadcast(own[12u / LANESu], 12u % LANESu) * right;
    s13 = s13 + subgroupBroadcast(own[13u / LANESu], 13u % LANESu) * right;
    s14 = s14 + subgroupBroadcast(own[14u / LANESu], 14u % LANESu) * right;
    s15 = s15 + subgroupBroadcast(own[15u / LANESu], 15u % LANESu) * right;
    d = next(d);
  }
  let start = vec4u(c0.out, c1.out, c2.out, c3.out);
  store4(z, row + 0u, column, start, s0);
  store4(z, row + 1u, column, start, s1);
  store4(z, row + 2u, column, start, s2);
  store4(z, row + 3u, column, start, s3);
  store4(z, row + 4u, column, start, s4);
  store4(z, row + 5u, column, start, s5);
  store4(z, row + 6u, column, start, s6);
  store4(z, row + 7u, column, start, s7);
  store4(z, row + 8u, column, start, s8);
  store4(z, row + 9u, column, start, s9);
  store4(z, row + 10u, column, start, s10);
  store4(z, row + 11u, column, start, s11);
  store4(z, row + 12u, column, start, s12);
  store4(z, row + 13u, column, start, s13);
  store4(z, row + 14u, column, start, s14);
  store4(z, row + 15u, column, start, s15);
}
