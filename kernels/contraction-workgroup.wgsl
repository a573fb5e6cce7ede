// Contraction, form for GPUs of their own memory: a workgroup of 64 threads sums
// 64 x 64 outputs, 8 x 8 a thread, over 16 k at a time that it has brought into
// workgroup memory (8 KiB). Launch: ceil(n / 64) x ceil(m / 64) x z workgroups.
// Follows contraction.wgsl. Lines that begin with EACH are repeated
// (src/kernels/contraction-gpu.ts).

const STEP = 16u;

// Element (k, row) is at 64 k + row, likewise (k, column).
var<workgroup> a_tile: array<f32, 1024>;
var<workgroup> b_tile: array<f32, 1024>;

fn b_at(at: u32) -> vec4f {
  return vec4f(b_tile[at], b_tile[at + 1u], b_tile[at + 2u], b_tile[at + 3u]);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let z = group.z;
  let first_row = group.y * 64u;
  let first_column = group.x * 64u;
  // Each thread brings one row and one column; beyond the edge, the last.
  let mine = row_of(z, min(first_row + thread, params.m - 1u));
  let other = column_of(z, min(first_column + thread, params.n - 1u));
  // It sums 8 rows of two times 4 columns: neighbours read neighbours.
  let top = thread / 8u * 8u;
  let left = thread % 8u * 4u;
EACH(r,8) var s$r_0 = vec4f();
EACH(r,8) var s$r_1 = vec4f();
  var d = first(z);
  for (var k = 0u; k < params.depth; k += STEP) {
    let count = min(STEP, params.depth - k);
    for (var i = 0u; i < count; i++) {
      a_tile[i * 64u + thread] = load_a(mine, d);
      b_tile[i * 64u + thread] = load_b(other, d);
      d = next(d);
    }
    workgroupBarrier();
    for (var i = 0u; i < count; i++) {
      let b0 = b_at(i * 64u + left);
      let b1 = b_at(i * 64u + left + 32u);
EACH(r,8) let a$r = a_tile[i * 64u + top + $ru];
EACH(r,8) EACH(h,2) s$r_$h = s$r_$h + a$r * b$h;
    }
    workgroupBarrier();
  }
  let row = first_row + top;
EACH(h,2) let column$h = first_column + left + $hu * 32u;
EACH(h,2) let start$h = starts_of(z, column$h);
EACH(h,2) EACH(r,8) store4(z, row + $ru, column$h, start$h, s$r_$h);
}

// Where row 0 of 4 columns is stored.
fn starts_of(z: u32, column: u32) -> vec4u {
  let last = params.n - 1u;
  return vec4u(
    column_of(z, min(column, last)).out,
    column_of(z, min(column + 1u, last)).out,
    column_of(z, min(column + 2u, last)).out,
    column_of(z, min(column + 3u, last)).out,
  );
}
