// Rows of a table by number, and the sum of errors of each row. Shapes: table
// (rows, width), index (count), out or eps (count, width). x is the table or eps;
// positions ascending. A number that is no row gives NaN.
// params: rows, width, count.

fn look_up(i: u32) -> f32 {
  let number = index[i / params.width];
  let row = u32(max(number, 0.0f));
  let valid = f32(row) == number && row < params.rows;
  let nan = bitcast<f32>(0x7fc00000u | params.zero);
  let at = select(0u, row * params.width + i % params.width, valid);
  return select(nan, x[at], valid);
}

fn collect(i: u32) -> f32 {
  let row = f32(i / params.width);
  let column = i % params.width;
  var sum = 0.0f;
  for (var p = 0u; p < params.count; p++) {
    if (index[p] == row) { sum = sum + x[p * params.width + column]; }
  }
  return sum;
}
