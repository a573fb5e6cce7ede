// Message of the greatest: to each element the errors of the windows that it
// wins. Follows pool2d-max.wgsl.

fn max_message(i: u32) -> f32 {
  let pixel = i % (params.height * params.width);
  let plane = i / (params.height * params.width);
  let rows = windows_of(pixel / params.width, params.oh);
  let columns = windows_of(pixel % params.width, params.ow);
  var sum = 0.0f;
  for (var oy = rows.x; oy < rows.y; oy++) {
    for (var ox = columns.x; ox < columns.y; ox++) {
      let window = (plane * params.oh + oy) * params.ow + ox;
      // Only what is as great can be the greatest: most windows end here.
      let may_win = x[i] == y[window] || (is_nan(x[i]) && is_nan(y[window]));
      if (may_win && place_of_most(plane, oy, ox) == i) {
        sum = sum + eps[window];
      }
    }
  }
  return sum;
}
