// Ends a window. clock: tick, slot of the window, ticks since the first slot.
// params: window.

@compute @workgroup_size(1)
fn main() {
  clock[0] += params.window;
  clock[1] += 1u;
  clock[2] += params.window;
}
