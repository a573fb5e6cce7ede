// A number that the compiler cannot see through. WGSL lets drivers join a
// product with a sum (one rounding instead of two) and reorder sums; between
// two pinned numbers there is nothing to join or reorder.
fn pin(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}
fn pow2_(x: f32) -> f32 {
return bitcast<f32>(u32(i32(clamp(x, -126.0f, 127.0f)) + 127) << 23u);
}
fn exponent_(x: f32) -> f32 {
return f32((bitcast<i32>(x) - 1060439283) >> 23u);
}
fn mantissa_(x: f32) -> f32 {
return bitcast<f32>(((bitcast<i32>(x) - 1060439283) & 8388607) + 1060439283);
}
fn odd_(x: f32) -> bool {
return (i32(x) & 1) != 0;
}
fn signed_(x: f32, n: f32) -> f32 {
return select(x, -x, n < 0.0f);
}
fn flip_(x: f32, n: f32) -> f32 {
return select(x, -x, (i32(n) & 2) != 0);
}
fn exp_(x: f32) -> f32 {


let n = floor(pin((pin((x * 1.4426950216293335f)) + 0.5f)));
let t = pin((pin((x - pin((n * 0.693359375f)))) - pin((n * -0.00021219444170128554f))));
let p = pin((pin((pin((pin((pin((pin((pin((pin(0.00019875691214110702f * t) + 0.001398199936375022f) * t) + 0.008333452045917511f) * t) + 0.04166579619050026f) * t) + 0.1666666567325592f) * t) + 0.5f) * t) + 1.0f) * t) + 1.0f));
let half = floor(pin((n * 0.5f)));
let result = (pin((p * pow2_(half))) * pow2_(pin((n - half))));
let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
return select(select(select(result, 0.0f, (x < -87.33654022216797f)), bitcast<f32>(0x7f800000u ^ params.zero), (x > 88.72283172607422f)), x, is_nan);
}
fn log_(x: f32) -> f32 {

let small = (x < 1.1754943508222875e-38f);
let scaled = select(x, pin((x * 16777216.0f)), small);
let e = pin((exponent_(scaled) - select(0.0f, 24.0f, small)));
let m = pin((mantissa_(scaled) - 1.0f));
let q = pin((pin((pin((pin((pin((pin((pin((pin((pin((pin((pin(0.07037683576345444f * m) + -0.11514610052108765f) * m) + 0.11676998436450958f) * m) + -0.12420140951871872f) * m) + 0.14249323308467865f) * m) + -0.16668057441711426f) * m) + 0.2000071406364441f) * m) + -0.24999994039535522f) * m) + 0.3333333134651184f) * m) + -0.5f) * m) + 1.0f));
let y = pin((pin((e * 0.693359375f)) + pin((pin((e * -0.00021219444170128554f)) + pin((q * m))))));
let result = select(select(bitcast<f32>(0x7fc00000u ^ params.zero), bitcast<f32>(0xff800000u ^ params.zero), (x == 0.0f)), y, (x > 0.0f));
let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
return select(select(result, x, (x > 3.4028234663852886e+38f)), x, is_nan);
}
fn tanh_(x: f32) -> f32 {
let a = pin(abs(x));
let z = pin((x * x));

let b = pin((a + a));
let n = floor(pin((pin((b * 1.4426950216293335f)) + 0.5f)));
let t = pin((pin((b - pin((n * 0.693359375f)))) - pin((n * -0.00021219444170128554f))));
let p = pin((pin((pin((pin((pin((pin((pin((pin(0.00019875691214110702f * t) + 0.001398199936375022f) * t) + 0.008333452045917511f) * t) + 0.04166579619050026f) * t) + 0.1666666567325592f) * t) + 0.5f) * t) + 1.0f) * t) + 1.0f));
let result = signed_(select(pin((1.0f - pin((2.0f / pin((pin((p * pow2_(n))) + 1.0f)))))), 1.0f, (a > 9.0f)), x);
let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
return select(select(result, (pin((pin((pin((pin((pin((pin(-0.0057049887254834175f * z) + 0.0206390880048275f) * z) + -0.05373971536755562f) * z) + 0.13331441581249237f) * z) + -0.3333328068256378f) * z) + 1.0f)) * x), (a < 0.625f)), x, is_nan);
}
fn sin_(x: f32) -> f32 {

let n = floor(pin((pin((x * 0.6366197466850281f)) + 0.5f)));
let t = pin((pin((pin((x - pin((n * 1.5703125f)))) - pin((n * 0.0004837512969970703f)))) - pin((n * 7.549790126404332e-8f))));
let z = pin((t * t));
let result = flip_(select(pin((pin((pin((pin((pin(-0.00019515295571181923f * z) + 0.008332161232829094f) * z) + -0.16666655242443085f) * z) + 1.0f)) * t)), pin((pin((pin((pin((pin(0.0000244331567955669f * z) + -0.0013887316454201937f) * z) + 0.04166664555668831f) * z) + -0.5f) * z) + 1.0f)), odd_(n)), n);
let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
return select(select(result, bitcast<f32>(0x7fc00000u ^ params.zero), (pin(abs(x)) > 131072.0f)), x, is_nan);
}
fn cos_(x: f32) -> f32 {

let n = floor(pin((pin((x * 0.6366197466850281f)) + 0.5f)));
let t = pin((pin((pin((x - pin((n * 1.5703125f)))) - pin((n * 0.0004837512969970703f)))) - pin((n * 7.549790126404332e-8f))));
let z = pin((t * t));
let result = flip_(select(pin((pin((pin((pin((pin(0.0000244331567955669f * z) + -0.0013887316454201937f) * z) + 0.04166664555668831f) * z) + -0.5f) * z) + 1.0f)), pin((pin((pin((pin((pin(-0.00019515295571181923f * z) + 0.008332161232829094f) * z) + -0.16666655242443085f) * z) + 1.0f)) * t)), odd_(n)), pin((n + 1.0f)));
let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
return select(select(result, bitcast<f32>(0x7fc00000u ^ params.zero), (pin(abs(x)) > 131072.0f)), x, is_nan);
}
fn tan_(x: f32) -> f32 {

let n = floor(pin((pin((x * 0.6366197466850281f)) + 0.5f)));
let t = pin((pin((pin((x - pin((n * 1.5703125f)))) - pin((n * 0.0004837512969970703f)))) - pin((n * 7.549790126404332e-8f))));
let z = pin((t * t));
let s = pin((pin((pin((pin((pin(-0.00019515295571181923f * z) + 0.008332161232829094f) * z) + -0.16666655242443085f) * z) + 1.0f)) * t));
let c = pin((pin((pin((pin((pin(0.0000244331567955669f * z) + -0.0013887316454201937f) * z) + 0.04166664555668831f) * z) + -0.5f) * z) + 1.0f));
let result = (flip_(select(s, c, odd_(n)), n) / flip_(select(c, s, odd_(n)), pin((n + 1.0f))));
let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
return select(select(result, bitcast<f32>(0x7fc00000u ^ params.zero), (pin(abs(x)) > 131072.0f)), x, is_nan);
}
