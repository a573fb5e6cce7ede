// Pair STDP, one tick. sent [history][sources] flags of spikes and trace
// [history][sources] of them, as sent; post [targets], the targets' traces;
// weight [trials][synapses], by target, in the order of emission tick, source.
// All over trials too. The parts are launched one after another.

struct Params {
  zero: u32,
  sources: u32,
  targets: u32,
  trials: u32,
  base: u32,
  mask: u32,
  history: u32,
  keep_plus: f32,
  keep_minus: f32,
  a_plus: f32,
  a_minus: f32,
  low: f32,
  high: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
BINDINGS

fn clip(w: f32) -> f32 {
  return select(select(w, params.high, w > params.high), params.low, w < params.low);
}

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let many = params.trials * params.sources;
  let elements = params.trials * params.targets;
  let tick = clock[0];
  let slot = clock[1];
  let count = COUNT;
  for (var e = id.x; e < count; e += groups.x * 64u) {
    BODY
  }
}
