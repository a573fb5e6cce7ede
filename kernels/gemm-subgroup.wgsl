// Matrix product with strides, form for adapters whose subgroups have a fixed
// number of lanes (LANES). out[i, j] = sum over k of a[i, k] b[k, j], k
// ascending. A workgroup is one subgroup: each lane owns 4 neighbouring
// columns and sums 16 rows of them; a lane loads a few rows of a and hands
// them round, because loads, not arithmetic, are what software adapters pay.
// Shapes: out (m, n) row-major; a and b by strides. Launch: ceil(n / (4 LANES))
// x ceil(m / 16) workgroups.
// Follows `enable subgroups;` and gemm-common.wgsl; src/ops/gemm.ts fills in LANES.

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let column = (group.x * LANESu + lane) * 4u;
  let row = group.y * 16u;
  // Lanes beyond the edge read the last row or column and store nothing.
  let last_row = params.m - 1u;
  let last_column = params.n - 1u;
  var pa = array<u32, 16u / LANESu + 1u>();
  var own = array<f32, 16u / LANESu + 1u>();
  for (var r = 0u; r < (15u + LANESu) / LANESu; r++) {
    pa[r] = min(row + min(r * LANESu + lane, 15u), last_row) * params.a_rows;
  }
  var pb = vec4u(
    min(column, last_column), min(column + 1u, last_column),
    min(column + 2u, last_column), min(column + 3u, last_column)) * params.b_columns;
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
  for (var k = 0u; k < params.depth; k++) {
    for (var r = 0u; r < (15u + LANESu) / LANESu; r++) {
      own[r] = a[pa[r]];
      pa[r] += params.a_columns;
    }
    let right = vec4f(b[pb.x], b[pb.y], b[pb.z], b[pb.w]);
    pb += vec4u(params.b_rows);
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
  }
  store4(row + 0u, column, s0);
  store4(row + 1u, column, s1);
  store4(row + 2u, column, s2);
  store4(row + 3u, column, s3);
  store4(row + 4u, column, s4);
  store4(row + 5u, column, s5);
  store4(row + 6u, column, s6);
  store4(row + 7u, column, s7);
  store4(row + 8u, column, s8);
  store4(row + 9u, column, s9);
  store4(row + 10u, column, s10);
  store4(row + 11u, column, s11);
  store4(row + 12u, column, s12);
  store4(row + 13u, column, s13);
  store4(row + 14u, column, s14);
  store4(row + 15u, column, s15);
}
