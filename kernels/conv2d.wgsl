// What the three contractions of conv2d share. x (batch, channels, height, width),
// w (outputs, channels / groups, kh, kw), y (batch, outputs, oh, ow), NCHW,
// cross-correlation; z is the group. Elements of the padding are 0.
// params: groups, batch, channels, height, width, outputs, oh, ow, kh, kw, stride,
// padding.

// Channels and outputs of one group.
fn own_channels() -> u32 { return params.channels / params.groups; }
fn own_outputs() -> u32 { return params.outputs / params.groups; }

fn bias_at(z: u32, row: u32, column: u32) -> u32 {
  return z * params.m + row;
}
