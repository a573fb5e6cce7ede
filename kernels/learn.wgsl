// Plasticity of a projection of values: each synapse's weight anew from w,
// pre (as it arrives at this tick) and post (the target's output).
// weight [trials][synapses], by target; values as in gather.wgsl; sent, from
// `post` on: [history][trials][targets]. params: sources, targets, trials, from_,
// history, post, post_history, and the rule's constants.

fn learn(e: u32) {
  LOADS
  let elements = params.trials * params.targets;
  let tick = clock[0];
  let trial = e / params.targets;
  let target_ = e % params.targets;
  let x_post = sent[params.post + (tick & params.post_history) * elements + e];
  let end = rows[target_ + 1u];
  for (var s = rows[target_]; s < end; s++) {
    let row = (tick - ends[s].y) & params.history;
    let x_pre = values[params.from_ + row * params.trials * params.sources
      + trial * params.sources + ends[s].x];
    let at = trial * arrayLength(&ends) + s;
    let x_w = weight[at];
    weight[at] = FORMULA;
  }
}
