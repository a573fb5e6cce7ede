// What arrives at each target in a window from sources that send values: the
// sum of weight x value over its synapses, in ascending order.
// values, from `from` on: [history][trials][sources]; arrivals, from `base` on:
// [ring][trials][targets]. Values sent before `since` or from `until` on came
// over axons of other delays, and are another call's business.

struct Params {
  zero: u32,
  window: u32,
  sources: u32,
  targets: u32,
  trials: u32,
  base: u32,
  mask: u32,
  from_: u32,
  history: u32,
  since: u32,
  until: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<u32>;
// Source and delay of each synapse.
@group(0) @binding(4) var<storage, read> ends: array<vec2u>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> arrivals: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let elements = params.trials * params.targets;
  let many = params.trials * params.sources;
  for (
    var at = id.x;
    at < params.window * elements;
    at += groups.x * 64u
  ) {
    let e = at % elements;
    let tick = clock[0] + at / elements;
    let trial = e / params.targets;
    let target_ = e % params.targets;
    let place = params.base + (tick & params.mask) * elements + e;
    var sum = ADDED;
    let end = rows[target_ + 1u];
    for (var s = rows[target_]; s < end; s++) {
      let sent = tick - ends[s].y;
      if (i32(sent) < i32(params.since) || i32(sent) >= i32(params.until)) {
        continue;
      }
      let value = values[params.from_ + (sent & params.history) * many
        + trial * params.sources + ends[s].x];
      sum = sum + pin(WEIGHT * value);
    }
    arrivals[place] = sum;
  }
}
