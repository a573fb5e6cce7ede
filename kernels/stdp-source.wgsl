// Spikes of the source and their trace, as sent. Follows stdp.wgsl.

fn source(e: u32) {
  let tick = clock[0];
  let spiked = spikes[clock[1] * many() + e] & 1u;
  let now = (tick & params.history) * many() + e;
  let before = ((tick - 1u) & params.history) * many() + e;
  sent[now] = spiked;
  trace[now] = pin(params.keep_plus * trace[before]) + f32(spiked);
}
