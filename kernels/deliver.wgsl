// Spikes to their synapses: adds weights to what will arrive, in the order of
// emission tick, source and synapse. Cost follows the events.
// arrivals, from `base` on: [ring][trials][targets]. A workgroup has a part of
// the targets and goes through all spikes, one after another; its threads share
// the synapses of one spike, which lead to different places unless `serial`.
// Ticks are those `ago` before the window's own.

struct Params {
  window: u32,
  sources: u32,
  targets: u32,
  trials: u32,
  base: u32,
  mask: u32,
  serial: u32,
  ago: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> list: array<u32>;
@group(0) @binding(3) var<storage, read> starts: array<u32>;
// Of each part, where the synapses of each source begin.
@group(0) @binding(4) var<storage, read> rows: array<u32>;
// Target and delay of each synapse.
@group(0) @binding(5) var<storage, read> ends: array<vec2u>;
@group(0) @binding(6) var<storage, read> weight: array<f32>;
@group(0) @binding(7) var<storage, read_write> arrivals: array<f32>;

const THREADS = 64u;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3u,
) {
  let row = group.x * (params.sources + 1u);
  let elements = params.trials * params.targets;
  let step = select(THREADS, 1u, params.serial != 0u);
  for (var k = 0u; k < params.window; k++) {
    let tick = clock[0] + k - params.ago;
    for (var at = starts[k]; at < starts[k + 1u]; at++) {
      let trial = list[at] / params.sources;
      let source = list[at] % params.sources;
      let end = rows[row + source + 1u];
      for (var s = rows[row + source] + thread; s < end; s += step) {
        if (params.serial != 0u && thread != 0u) { break; }
        let slot = (tick + ends[s].y) & params.mask;
        let place = params.base + slot * elements
          + trial * params.targets + ends[s].x;
        arrivals[place] = arrivals[place] + weight[s];
      }
      storageBarrier();
    }
  }
}
