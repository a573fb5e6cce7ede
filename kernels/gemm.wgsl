// Matrix products: A (z, m, depth) and B (z, depth, n) by strides, out (m, n)
// row-major, out_batch elements apart. A form of contraction.wgsl.
// params: a_batch, a_rows, a_columns, b_batch, b_rows, b_columns, bias_batch,
// out_batch.

struct Row { at: u32 }
struct Column { at: u32, out: u32 }
struct Depth { a: u32, b: u32 }

fn row_of(z: u32, row: u32) -> Row {
  return Row(z * params.a_batch + row * params.a_rows);
}
fn column_of(z: u32, column: u32) -> Column {
  return Column(
    z * params.b_batch + column * params.b_columns,
    z * params.out_batch + column,
  );
}
fn first(z: u32) -> Depth { return Depth(0u, 0u); }
fn next(d: Depth) -> Depth {
  return Depth(d.a + params.a_columns, d.b + params.b_rows);
}
fn load_a(row: Row, d: Depth) -> Element { return a[row.at + d.a]; }
fn load_b(column: Column, d: Depth) -> Element { return b[column.at + d.b]; }
fn bias_at(z: u32, row: u32, column: u32) -> u32 {
  return z * params.bias_batch + column;
}
