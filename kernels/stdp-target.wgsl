// A spike of the target raises weights by what has arrived. Follows stdp.wgsl.

fn raise(e: u32) {
  let tick = clock[0];
  let spiked = spikes[clock[1] * elements() + e] & 1u;
  post[e] = pin(params.keep_minus * post[e]) + f32(spiked);
  if (spiked == 0u) { return; }
  let trial = e / params.targets;
  let target_ = e % params.targets;
  for (var s = rows[target_]; s < rows[target_ + 1u]; s++) {
    let row = (tick - ends[s].y) & params.history;
    let x = trace[row * many() + trial * params.sources + ends[s].x];
    let at = trial * arrayLength(&ends) + s;
    weight[at] = clip(pin(weight[at] + pin(params.a_plus * x)));
  }
}
