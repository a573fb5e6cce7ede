// Ends a window. clock: tick, slot of the window, ticks since the first slot.

struct Params {
  window: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: array<u32>;

@compute @workgroup_size(1)
fn main() {
  clock[0] += params.window;
  clock[1] += 1u;
  clock[2] += params.window;
}
