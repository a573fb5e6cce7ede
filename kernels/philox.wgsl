// Philox4x32-10 (Salmon et al. 2011), the twin of src/base/random.ts, and the
// draws made of it. Needs math (src/formula/wgsl.ts).

// High word of a 64-bit product, from 16-bit halves.
fn mul_high(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let mid = ah * bl + ((al * bl) >> 16u);
  let mid2 = al * bh + (mid & 0xffffu);
  return ah * bh + (mid >> 16u) + (mid2 >> 16u);
}

fn philox(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high0 = mul_high(0xd2511f53u, c.x);
    let low0 = 0xd2511f53u * c.x;
    let high1 = mul_high(0xcd9e8d57u, c.z);
    let low1 = 0xcd9e8d57u * c.z;
    c = vec4u(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// In [0, 1), a multiple of 2^-24: the same number in float32 and float64.
fn uniform_(word: u32) -> f32 {
  return f32(word >> 8u) * 5.9604644775390625e-8f;
}

// Standard normal (Box-Muller).
fn normal_(a: u32, b: u32) -> f32 {
  let radius = sqrt(pin(-2.0f * log_(1.0f - uniform_(a))));
  return radius * cos_(pin(6.28318530717958648f * uniform_(b)));
}
