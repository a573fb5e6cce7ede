// What a device does with float32, measured.
//
// input   (n, 3) float32: operands a, b, c of a sample
// output  (12, n) words: the result bits of one operation in each row
// launch  ceil(n / 64) workgroups of 64, once for each entry point
//
// All operands come from a buffer, so that no compiler can fold them.
// Operations that a compiler might join are kept in entry points apart.

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

fn size() -> u32 {
  return arrayLength(&input) / 3u;
}

fn sample(i: u32) -> vec3f {
  return vec3f(input[3u * i], input[3u * i + 1u], input[3u * i + 2u]);
}

fn store(row: u32, i: u32, bits: u32) {
  output[row * size() + i] = bits;
}

fn is_nan(x: f32) -> u32 {
  return select(0u, 1u, (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u);
}

// Rows 0 to 4: a + b, a * b, a / b, sqrt |a|, NaN bits of a, a + b and a * b.
@compute @workgroup_size(64)
fn single(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= size()) { return; }
  let s = sample(i);
  let sum = s.x + s.y;
  let product = s.x * s.y;
  store(0u, i, bitcast<u32>(sum));
  store(1u, i, bitcast<u32>(product));
  store(2u, i, bitcast<u32>(s.x / s.y));
  store(3u, i, bitcast<u32>(sqrt(abs(s.x))));
  store(4u, i, is_nan(s.x) + 2u * is_nan(sum) + 4u * is_nan(product));
}

// Row 5: a * b + c.
@compute @workgroup_size(64)
fn multiply_add(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= size()) { return; }
  let s = sample(i);
  store(5u, i, bitcast<u32>(s.x * s.y + s.z));
}

// Row 6: fma(a, b, c). Row 7: (a + b) - a.
@compute @workgroup_size(64)
fn joined(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= size()) { return; }
  let s = sample(i);
  store(6u, i, bitcast<u32>(fma(s.x, s.y, s.z)));
  store(7u, i, bitcast<u32>((s.x + s.y) - s.x));
}

// Row 8: sum over k < 16, ascending, of a[i + k] * b[i + k], indices modulo
// n. Row 9: ((a * b + c) * b + a) * b + c.
@compute @workgroup_size(64)
fn chain(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= size()) { return; }
  var sum = 0.0;
  for (var k = 0u; k < 16u; k++) {
    let s = sample((i + k) % size());
    sum = sum + s.x * s.y;
  }
  store(8u, i, bitcast<u32>(sum));
  let s = sample(i);
  var p = s.x;
  p = p * s.y + s.z;
  p = p * s.y + s.x;
  p = p * s.y + s.z;
  store(9u, i, bitcast<u32>(p));
}

// Rows 10 and 11: the built-in exp and tanh of a, clamped to +-80.
@compute @workgroup_size(64)
fn builtins(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= size()) { return; }
  let x = clamp(input[3u * i], -80.0, 80.0);
  store(10u, i, bitcast<u32>(exp(x)));
  store(11u, i, bitcast<u32>(tanh(x)));
}
