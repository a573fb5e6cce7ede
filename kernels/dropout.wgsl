// x[i] / (1 - rate), or 0 where element i is left out of presentation `step`:
// Philox (philox.wgsl) on the counter (i / 4, step, 0, 0) under the key (seed, 0)
// gives four elements 32 bits each. The twin of src/ops/dropout.ts.
// params: n, seed, least, factor.

fn masked(i: u32) -> f32 {
  let counter = vec4u(i / 4u, u32(step[0]), 0u, 0u);
  let drawn = philox(counter, vec2u(params.seed, 0u));
  return select(0.0f, pin(x[i] * params.factor), drawn[i % 4u] >= params.least);
}
