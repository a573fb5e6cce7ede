// Sum over neighbouring channels: out[b, c, i] = sum over channels from c - below
// to c + above, ascending, of x[b, channel, i]. Shapes: x, out (outer, channels,
// inner). params: n, channels, inner, below, above.

fn window(i: u32) -> f32 {
  let channel = i / params.inner % params.channels;
  let first = channel - min(channel, params.below);
  let last = min(channel + params.above, params.channels - 1u);
  var at = i - (channel - first) * params.inner;
  var sum = 0.0f;
  for (var c = first; c <= last; c++) {
    sum = sum + x[at];
    at += params.inner;
  }
  return sum;
}
