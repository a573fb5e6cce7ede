// Plasticity of a projection of values: each synapse's weight anew from w,
// pre (as it arrives at this tick) and post (the target's output).
// weight [trials][synapses], by target; values as in gather.wgsl; sent, from
// `post` on: [history][trials][targets].

struct Params {
  zero: u32,
  sources: u32,
  targets: u32,
  trials: u32,
  from_: u32,
  history: u32,
  post: u32,
  post_history: u32,
  CONSTANTS
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> sent: array<f32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read> ends: array<vec2u>;
@group(0) @binding(6) var<storage, read_write> weight: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let elements = params.trials * params.targets;
  let synapses = arrayLength(&ends);
  let tick = clock[0];
  LOADS
  for (var e = id.x; e < elements; e += groups.x * 64u) {
    let trial = e / params.targets;
    let target_ = e % params.targets;
    let x_post = sent[params.post + (tick & params.post_history) * elements + e];
    let end = rows[target_ + 1u];
    for (var s = rows[target_]; s < end; s++) {
      let row = (tick - ends[s].y) & params.history;
      let x_pre = values[params.from_ + row * params.trials * params.sources
        + trial * params.sources + ends[s].x];
      let at = trial * synapses + s;
      let x_w = weight[at];
      weight[at] = FORMULA;
    }
  }
}
