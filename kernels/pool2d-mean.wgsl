// The mean of a window, elements of the padding counted as 0, and its message.
// Follows pool2d.wgsl; x is the input, or the error of the output.

fn mean_of(i: u32) -> f32 {
  let position = i % (params.oh * params.ow);
  let plane = i / (params.oh * params.ow);
  let y0 = start_of(position / params.ow);
  let x0 = start_of(position % params.ow);
  var sum = 0.0f;
  for (var y = max(y0, 0); y < min(y0 + i32(params.size), i32(params.height)); y++) {
    for (var c = max(x0, 0); c < min(x0 + i32(params.size), i32(params.width)); c++) {
      sum = sum + x[(plane * params.height + u32(y)) * params.width + u32(c)];
    }
  }
  return sum / f32(params.size * params.size);
}

fn mean_message(i: u32) -> f32 {
  let pixel = i % (params.height * params.width);
  let plane = i / (params.height * params.width);
  let rows = windows_of(pixel / params.width, params.oh);
  let columns = windows_of(pixel % params.width, params.ow);
  var sum = 0.0f;
  for (var oy = rows.x; oy < rows.y; oy++) {
    for (var ox = columns.x; ox < columns.y; ox++) {
      sum = sum + x[(plane * params.oh + oy) * params.ow + ox];
    }
  }
  return sum / f32(params.size * params.size);
}
