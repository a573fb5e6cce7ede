// One number from the middle axis of (outer, n, inner), n ascending.
// Shapes: x (outer, n, inner), out (outer, inner). src/kernels/reduce.ts fills in
// the words in capitals, of so_far. params: outer, n, inner, divisor.

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn reduced(i: u32) -> f32 {
  var at = i / params.inner * params.n * params.inner + i % params.inner;
  var so_far = START;
  for (var k = 0u; k < params.n; k++) {
    so_far = STEP;
    at += params.inner;
  }
  return RESULT;
}
