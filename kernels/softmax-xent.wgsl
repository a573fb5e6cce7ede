// Softmax cross-entropy along rows. Shapes: y, t (rows, features); the error
// is (rows, features), the value (rows). One row a thread, sums over features
// ascending. Needs math (src/formula/wgsl.ts). params: rows, features, divisor.

fn most_of(start: u32) -> f32 {
  var most = y[start];
  for (var i = 1u; i < params.features; i++) {
    most = max(most, y[start + i]);
  }
  return most;
}

fn total_of(start: u32, most: f32) -> f32 {
  var total = 0.0f;
  for (var i = 0u; i < params.features; i++) {
    total = pin(total + exp_(pin(y[start + i] - most)));
  }
  return total;
}

fn row_error(row: u32) {
  let start = row * params.features;
  let most = most_of(start);
  let total = total_of(start, most);
  // Targets need not be one-hot: the probabilities carry their sum.
  var mass = 0.0f;
  for (var i = 0u; i < params.features; i++) {
    mass = pin(mass + t[start + i]);
  }
  for (var i = 0u; i < params.features; i++) {
    let p = pin(exp_(pin(y[start + i] - most)) / total);
    out[start + i] = pin(pin(p * mass) - t[start + i]) / params.divisor;
  }
}

fn row_value(row: u32) {
  let start = row * params.features;
  let most = most_of(start);
  let shift = log_(total_of(start, most));
  var loss = 0.0f;
  for (var i = 0u; i < params.features; i++) {
    loss = pin(loss + pin(t[start + i] * pin(shift - pin(y[start + i] - most))));
  }
  out[row] = loss;
}
