// A part of the middle axis of (outer, total, inner), from `start` on, `length`
// long; or, the other way, that part among zeros.
// params: n, outer, total, inner, start, length.

// x (outer, total, inner); i counts the part.
fn part(i: u32) -> f32 {
  let row = i / (params.length * params.inner);
  let column = i % (params.length * params.inner);
  return x[(row * params.total + params.start) * params.inner + column];
}

// x (outer, length, inner); i counts the whole.
fn among_zeros(i: u32) -> f32 {
  let row = i / (params.total * params.inner);
  let place = i / params.inner % params.total;
  // Less than 0 is more than any length.
  let own = place - params.start;
  let at = (row * params.length + own) * params.inner + i % params.inner;
  return select(0.0, x[select(0u, at, own < params.length)], own < params.length);
}
