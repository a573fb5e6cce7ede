// What the three contractions of conv2d share. x (batch, channels, height, width),
// w (outputs, channels / groups, kh, kw), y (batch, outputs, oh, ow), NCHW,
// cross-correlation; z is the group. Elements of the padding are 0.

struct Params {
  m: u32, n: u32, depth: u32, groups: u32, out_rows: u32,
  batch: u32, channels: u32, height: u32, width: u32,
  outputs: u32, oh: u32, ow: u32,
  kh: u32, kw: u32, stride: u32, padding: u32,
}
@group(0) @binding(0) var<uniform> params: Params;

// Channels and outputs of one group.
fn own_channels() -> u32 { return params.channels / params.groups; }
fn own_outputs() -> u32 { return params.outputs / params.groups; }

fn bias_at(z: u32, row: u32, column: u32) -> u32 {
  return z * params.m + row;
}
