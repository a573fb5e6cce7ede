
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var e = id.x; e < params.elements; e += groups.x * 64u) {
    let x_E = params.x_E;
let x_threshold = params.x_threshold;
let x_reset = params.x_reset;
let x_r = params.x_r;
let x_keep = params.x_keep;
let x_gain = params.x_gain;
let x_rest_ticks = params.x_rest_ticks;
let elements = params.elements;
let i = e % params.neurons;
let trial = e / params.neurons;
var x_v = state[0u * elements + e];
var x_rest = state[1u * elements + e];
var word = 0u;
for (var k = 0u; k < params.window; k++) {
let n = clock[0] + k;
let at0 = 0u + (n & 63u) * elements + e; let r_0 = arrivals[at0]; arrivals[at0] = 0.0f;
let x_input = pin(r_0);
let x_current = pin(0.0f);
let x_free = pin(select(0.0f, 1.0f, (x_rest <= 0.0f)));
let n_v = pin(select(x_v, pin((pin((pin((x_E + pin((x_keep * pin((x_v - x_E)))))) + pin((pin((x_gain * x_r)) * x_current)))) + x_input)), (x_rest <= 0.0f)));
let n_rest = pin(select(pin((x_rest - 1.0f)), 0.0f, (x_rest <= 0.0f)));
let spiked = pin(select(0.0f, 1.0f, (select(x_threshold, n_v, (x_free > 0.0f)) > x_threshold)));
let z_v = pin(select(n_v, x_reset, (spiked > 0.0f)));
let z_rest = pin(select(n_rest, x_rest_ticks, (spiked > 0.0f)));
x_v = z_v;
x_rest = z_rest;
if (spiked > 0.0f) { word |= 1u << k; }
}
state[0u * elements + e] = x_v;
state[1u * elements + e] = x_rest;
spikes[clock[1] * elements + e] = word;
  }
}


struct Params {
  elements: u32,
  neurons: u32,
  window: u32,
  x_E: f32,
  x_threshold: f32,
  x_reset: f32,
  x_r: f32,
  x_keep: f32,
  x_gain: f32,
  x_rest_ticks: f32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> arrivals: array<f32>;
@group(0) @binding(4) var<storage, read_write> spikes: array<u32>;
