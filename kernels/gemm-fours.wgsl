// Matrix products of operands that lie in fours: as contraction-subgroup.wgsl,
// of 32 rows, but four elements a load and four k at a time. Each operand is
// contiguous along k or along its rows (columns), and all its other strides,
// and the number of k, are multiples of 4. Four loads bring 4 rows of 4 k or 4 k
// of 4 rows; which of both is told apart in registers, so that one kernel does
// nn, nt and tn. Launch: ceil(n / (4 LANES)) x ceil(m / 32) x z workgroups.
// Follows `enable subgroups;`, gemm.wgsl and contraction.wgsl, whose Element is
// vec4f: places are counted in fours.

// The fours at 4 rows from `row` on: the j-th row's, or the j-th k's.
fn four_rows(z: u32, row: u32, j: u32) -> Row {
  let last = params.m - 1u;
  let along_k = min(row + j, last) * params.a_rows;
  let along_rows = min(row, last & ~3u) + j * params.a_columns;
  let at = select(along_rows, along_k, params.a_columns == 1u);
  return Row((z * params.a_batch + at) / 4u);
}
fn four_columns(z: u32, column: u32, j: u32) -> Column {
  let last = params.n - 1u;
  let along_k = min(column + j, last) * params.b_columns;
  let along_columns = min(column, last & ~3u) + j * params.b_rows;
  let at = select(along_columns, along_k, params.b_rows == 1u);
  return Column(
    (z * params.b_batch + at) / 4u,
    z * params.out_batch + column + j,
  );
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let z = group.z;
  let column = (group.x * LANESu + lane) * 4u;
  let row = group.y * 32u;
  let a_along_k = params.a_columns == 1u;
  let b_along_k = params.b_rows == 1u;
EACH(g,GROUPS) let row$g = row + min(($gu * LANESu + lane) * 4u, 28u);
EACH(g,GROUPS) EACH(j,4) let row$g_$j = four_rows(z, row$g, $ju);
EACH(j,4) let c$j = four_columns(z, column, $ju);
EACH(g,GROUPS) EACH(l,SHARERS) EACH(j,4) var s$g_$l_$j = vec4f();
  var d = first(z);
  for (var k = 0u; k < params.depth; k += 4u) {
EACH(g,GROUPS) EACH(j,4) let p$g_$j = load_a(row$g_$j, d);
EACH(g,GROUPS) EACH(j,4) EACH(u,4) let a$g_$j_$u = select(p$g_$u[$j], p$g_$j[$u], a_along_k);
EACH(j,4) let q$j = load_b(c$j, d);
EACH(u,4) let b$u = select(q$u, vec4f(q0[$u], q1[$u], q2[$u], q3[$u]), b_along_k);
EACH(g,GROUPS) EACH(l,SHARERS) EACH(j,4) EACH(u,4) s$g_$l_$j = s$g_$l_$j + subgroupBroadcast(a$g_$j_$u, $lu) * b$u;
    d = next(d);
  }
  let start = vec4u(c0.out, c1.out, c2.out, c3.out);
  // In a loop, as each store is much code; the copy leaves the sums registers.
  let sums = array<vec4f, 32>(
EACH(g,GROUPS) EACH(l,SHARERS) EACH(j,4) s$g_$l_$j,
  );
  var rows = sums;
  let end = min(row + 32u, params.m);
  for (var i = row; i < end; i++) {
    store4(z, i, column, start, rows[i - row]);
  }
}
