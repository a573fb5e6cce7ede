// A part of the middle axis of (outer, total, inner), from `start` on, `length`
// long; or, the other way, that part among zeros. One output a thread, grid
// stride. src/ops/slice.ts fills in the words in capitals.

struct Params { n: u32, outer: u32, total: u32, inner: u32, start: u32, length: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

// x (outer, total, inner); i counts the part.
fn part(i: u32) -> f32 {
  let row = i / (params.length * params.inner);
  let column = i % (params.length * params.inner);
  return x[(row * params.total + params.start) * params.inner + column];
}

// x (outer, length, inner); i counts the whole.
fn among_zeros(i: u32) -> f32 {
  let row = i / (params.total * params.inner);
  let place = i / params.inner % params.total;
  // Less than 0 is more than any length.
  let own = place - params.start;
  let at = (row * params.length + own) * params.inner + i % params.inner;
  return select(0.0, x[select(0u, at, own < params.length)], own < params.length);
}

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var i = id.x; i < params.n; i += groups.x * 64u) {
    let value = VALUE;
    out[i] = FINISH;
  }
}
