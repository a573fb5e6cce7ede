// The greatest element of a window of x, as its place. Follows pool2d.wgsl.

fn place_of_most(plane: u32, oy: u32, ox: u32) -> u32 {
  let y0 = start_of(oy);
  let x0 = start_of(ox);
  var best = 0u;
  var found = false;
  for (var y = max(y0, 0); y < min(y0 + i32(params.size), i32(params.height)); y++) {
    for (var c = max(x0, 0); c < min(x0 + i32(params.size), i32(params.width)); c++) {
      let at = (plane * params.height + u32(y)) * params.width + u32(c);
      if (!found || x[at] > x[best] || (is_nan(x[at]) && !is_nan(x[best]))) {
        best = at;
        found = true;
      }
    }
  }
  return best;
}

fn max_of(i: u32) -> f32 {
  let position = i % (params.oh * params.ow);
  let plane = i / (params.oh * params.ow);
  return x[place_of_most(plane, position / params.ow, position % params.ow)];
}
