// Spikes to their synapses: adds weights to what will arrive, in the order of
// emission tick, source and synapse. Cost follows the events.
// arrivals, from `base` on: [ring][trials][targets]. A workgroup has a part of
// the targets and goes through all spikes, one after another; its threads share
// the synapses of one spike, which lead to different places unless `serial`.
// Ticks are those `ago` before the window's own. rows: of each part, where the
// synapses of each source begin; ends: target and delay of each synapse.
// params: window, sources, targets, trials, base, mask, serial, ago, parts.

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
