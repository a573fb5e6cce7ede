// Repeats each element n times along a new middle axis, divided: the message
// of a sum or mean. Shapes: x (outer, inner), out (outer, n, inner).
// params: outer, n, inner, divisor.

fn repeated(i: u32) -> f32 {
  let source = i / (params.n * params.inner) * params.inner + i % params.inner;
  return x[source] / params.divisor;
}
