// What arrives at each target in a window from sources that send values: the
// sum of weight x value over its synapses, in ascending order.
// values, from `from` on: [history][trials][sources]; arrivals, from `base` on:
// [ring][trials][targets]. Values sent before `since` or from `until` on came
// over axons of other delays, and are another call's business. ends: source and
// delay of each synapse. params: window, sources, targets, trials, base, mask,
// from_, history, since, until.

fn gather(at: u32) {
  let elements = params.trials * params.targets;
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
    let row = (sent & params.history) * params.trials + trial;
    let value = values[params.from_ + row * params.sources + ends[s].x];
    sum = sum + pin(WEIGHT * value);
  }
  arrivals[place] = sum;
}
