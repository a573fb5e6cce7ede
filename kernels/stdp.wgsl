// Pair STDP, one tick. sent [history][sources] flags of spikes and trace
// [history][sources] of them, as sent; post [targets], the targets' traces;
// weight [trials][synapses], by target, in the order of emission tick, source.
// All over trials too. What the parts share; they are launched one after another.
// params: sources, targets, trials, base, mask, history, keep_plus, keep_minus,
// a_plus, a_minus, low, high.

fn clip(w: f32) -> f32 {
  return select(select(w, params.high, w > params.high), params.low, w < params.low);
}

// Sources and targets of all trials.
fn many() -> u32 { return params.trials * params.sources; }
fn elements() -> u32 { return params.trials * params.targets; }
