// Elementary functions from + and * alone, the twin of src/formula/f32.ts: the
// same bits on the CPU and on every adapter that rounds + - * / correctly.
// params: zero, a 0 that every uniform block has (src/kernels/shader.ts).

// A number that the compiler cannot see through. WGSL lets drivers join a
// product with a sum (one rounding instead of two) and reorder sums; between
// two pinned numbers there is nothing to join or reorder.
fn pin(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}

fn exp_(x: f32) -> f32 {
  let n = floor(pin(x * 1.44269504088896341f) + 0.5f);
  var t = x - pin(n * 0.693359375f);
  t = pin(t) - pin(n * -2.12194440e-4f);
  var p = 1.9875691500e-4f;
  p = pin(p * t) + 1.3981999507e-3f;
  p = pin(p * t) + 8.3334519073e-3f;
  p = pin(p * t) + 4.1665795894e-2f;
  p = pin(p * t) + 1.6666665459e-1f;
  p = pin(p * t) + 5.0000001201e-1f;
  p = pin(p * t) + 1.0f;
  p = pin(p * t) + 1.0f;
  // 2^128 is no float32: the power is applied in two halves.
  let whole = i32(clamp(n, -150.0f, 150.0f));
  let half = i32(floor(clamp(n, -150.0f, 150.0f) * 0.5f));
  let y = pin(pin(p) * pow2_(half)) * pow2_(whole - half);
  let infinity = bitcast<f32>(select(0x7f800000u, 0u, x < 0.0f));
  let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
  let out_of_range = !is_nan && (x > 88.72283f || x < -87.33654f);
  return select(select(y, infinity, out_of_range), x, is_nan);
}

// 2^n for -126 <= n <= 127.
fn pow2_(n: i32) -> f32 {
  return bitcast<f32>(u32(clamp(n, -126, 127) + 127) << 23u);
}

fn tanh_(x: f32) -> f32 {
  let a = abs(x);
  let z = pin(x * x);
  var p = -5.70498872745e-3f;
  p = pin(p * z) + 2.06390887954e-2f;
  p = pin(p * z) + -5.37397155531e-2f;
  p = pin(p * z) + 1.33314422036e-1f;
  p = pin(p * z) + -3.33332819422e-1f;
  p = pin(p * z) + 1.0f;
  let small = pin(p) * x;
  let large = select(1.0f - pin(2.0f / pin(exp_(a + a) + 1.0f)), 1.0f, a > 9.0f);
  return select(select(large, -large, x < 0.0f), small, a < 0.625f);
}

fn log_(x: f32) -> f32 {
  // Subnormal numbers are scaled up first.
  let small = x < 1.17549435e-38f;
  let bits = bitcast<u32>(select(x, x * 16777216.0f, small));
  var e = i32((bits >> 23u) & 0xffu) - select(126, 150, small);
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
  if (m < 0.70710678118654752f) {
    e = e - 1;
    m = m + m;
  }
  let t = m - 1.0f;
  var p = 7.0376836292e-2f;
  p = pin(p * t) + -1.1514610310e-1f;
  p = pin(p * t) + 1.1676998740e-1f;
  p = pin(p * t) + -1.2420140846e-1f;
  p = pin(p * t) + 1.4249322787e-1f;
  p = pin(p * t) + -1.6668057665e-1f;
  p = pin(p * t) + 2.0000714765e-1f;
  p = pin(p * t) + -2.4999993993e-1f;
  p = pin(p * t) + 3.3333331174e-1f;
  p = pin(p * t) + -0.5f;
  p = pin(p * t) + 1.0f;
  p = pin(p * t) + 0.0f;
  let n = f32(e);
  let y = pin(n * 0.693359375f) + pin(pin(n * -2.12194440e-4f) + p);
  if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) { return x; }
  if (x == 0.0f) { return bitcast<f32>(0xff800000u | bits_zero(x)); }
  if (x < 0.0f) { return bitcast<f32>(0x7fc00000u | bits_zero(x)); }
  if (bitcast<u32>(x) == 0x7f800000u) { return x; }
  return y;
}

// A 0 that the compiler cannot see through: WGSL refuses constant infinities.
fn bits_zero(x: f32) -> u32 {
  return bitcast<u32>(x) & 0u;
}

struct Reduced {
  sin: f32,
  cos: f32,
  quadrant: i32,
}

fn reduce_(x: f32) -> Reduced {
  let n = floor(pin(x * 0.636619772367581343f) + 0.5f);
  var t = x - pin(n * 1.5703125f);
  t = pin(t) - pin(n * 4.837512969970703125e-4f);
  t = pin(t) - pin(n * 7.549789948768648e-8f);
  let z = pin(t * t);
  var s = -1.9515295891e-4f;
  s = pin(s * z) + 8.3321608736e-3f;
  s = pin(s * z) + -1.6666654611e-1f;
  s = pin(s * z) + 1.0f;
  var c = 2.443315711809948e-5f;
  c = pin(c * z) + -1.388731625493765e-3f;
  c = pin(c * z) + 4.166664568298827e-2f;
  c = pin(c * z) + -0.5f;
  c = pin(c * z) + 1.0f;
  // Beyond this the reduction would give wrong numbers, so it gives NaN.
  let nan = bitcast<f32>(0x7fc00000u | bits_zero(x));
  let far = abs(x) > 131072.0f;
  return Reduced(
    select(pin(s) * t, nan, far),
    select(c, nan, far),
    select(i32(n) & 3, 0, far),
  );
}

fn sin_(x: f32) -> f32 {
  let r = reduce_(x);
  let y = select(r.cos, r.sin, (r.quadrant & 1) == 0);
  return select(y, -y, r.quadrant >= 2);
}

fn cos_(x: f32) -> f32 {
  let r = reduce_(x);
  let y = select(r.sin, r.cos, (r.quadrant & 1) == 0);
  return select(y, -y, r.quadrant == 1 || r.quadrant == 2);
}

fn tan_(x: f32) -> f32 {
  return pin(sin_(x)) / pin(cos_(x));
}
