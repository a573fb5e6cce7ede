// Lists the spikes of a window: list [spikes] of elements, tick after tick and
// ascending within one; starts [window + 1], where each tick's begin.
// spikes [slots][elements]: bit k of a word is tick k of the window.
// The slot is the window's own if `slotted`, else the first.
// One workgroup: each thread has a run of neighbouring elements.
// params: elements, window, slotted.

const THREADS = 64u;
// Spikes of each tick in each thread's run, then where they go in the list.
var<workgroup> places: array<u32, 2048>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  let run = (params.elements + THREADS - 1u) / THREADS;
  let first = min(thread * run, params.elements);
  let end = min(first + run, params.elements);
  let base = params.slotted * clock[1] * params.elements;
  for (var k = 0u; k < params.window; k++) {
    places[k * THREADS + thread] = 0u;
  }
  for (var e = first; e < end; e++) {
    var word = spikes[base + e];
    while (word != 0u) {
      places[countTrailingZeros(word) * THREADS + thread] += 1u;
      word &= word - 1u;
    }
  }
  workgroupBarrier();
  if (thread == 0u) {
    var sum = 0u;
    for (var k = 0u; k < params.window; k++) {
      starts[k] = sum;
      for (var t = 0u; t < THREADS; t++) {
        let count = places[k * THREADS + t];
        places[k * THREADS + t] = sum;
        sum += count;
      }
    }
    starts[params.window] = sum;
  }
  workgroupBarrier();
  for (var e = first; e < end; e++) {
    var word = spikes[base + e];
    while (word != 0u) {
      let at = countTrailingZeros(word) * THREADS + thread;
      list[places[at]] = e;
      places[at] += 1u;
      word &= word - 1u;
    }
  }
}
