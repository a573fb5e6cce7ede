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
