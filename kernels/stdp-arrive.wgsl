// What arrives is transmitted, then lowers its weight by the target's trace.
// Follows stdp.wgsl.

fn arrive(e: u32) {
  let tick = clock[0];
  let trial = e / params.targets;
  let target_ = e % params.targets;
  let trace = pin(params.keep_minus * post[e]);
  let less = pin(params.a_minus * trace);
  var sum = 0.0f;
  for (var s = rows[target_]; s < rows[target_ + 1u]; s++) {
    let row = (tick - ends[s].y) & params.history;
    if (sent[row * many() + trial * params.sources + ends[s].x] == 0u) { continue; }
    let at = trial * arrayLength(&ends) + s;
    sum = pin(sum) + weight[at];
    weight[at] = clip(pin(weight[at] - less));
  }
  arrivals[params.base + (tick & params.mask) * elements() + e] = sum;
}
