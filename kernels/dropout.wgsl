// out[i] = x[i] / (1 - rate), or 0 where element i is left out of presentation
// `step`: Philox4x32-10 (Salmon et al. 2011) on the counter (i / 4, step, 0, 0)
// under the key (seed, 0) gives four elements 32 bits each. One output a thread,
// grid stride. The twin of src/ops/dropout.ts, which fills in FINISH.

struct Params { n: u32, seed: u32, least: u32, factor: f32, zero: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> step: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// High word of a product.
fn high(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u);
}

fn philox(counter: vec4u, seed: u32) -> vec4u {
  var c = counter;
  var key = vec2u(seed, 0u);
  for (var round = 0u; round < 10u; round++) {
    let p0 = high(0xd2511f53u, c.x);
    let p1 = high(0xcd9e8d57u, c.z);
    c = vec4u(p1 ^ c.y ^ key.x, 0xcd9e8d57u * c.z, p0 ^ c.w ^ key.y, 0xd2511f53u * c.x);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var i = id.x; i < params.n; i += groups.x * 64u) {
    let drawn = philox(vec4u(i / 4u, u32(step[0]), 0u, 0u), params.seed);
    let value = select(0.0f, pin(x[i] * params.factor), drawn[i % 4u] >= params.least);
    out[i] = FINISH;
  }
}
