// Samples into the history of a source: values [history][elements], samples
// [ticks][elements]; `ago` ticks before the window's own.
// params: elements, window, history, ago.

fn play(at: u32) {
  let k = at / params.elements;
  let slot = (clock[0] + k - params.ago) & params.history;
  let first = select(clock[2], 0u, params.ago != 0u);
  let sample = (first + k) * params.elements + at % params.elements;
  values[slot * params.elements + at % params.elements] = samples[sample];
}
