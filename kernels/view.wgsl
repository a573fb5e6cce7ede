// The elements of x in another order: out[i] = x[sum over axes of place * step],
// where the places of i along the axes of the output, the last fastest, are
// multiplied by steps in x (0 where x is repeated). l0, l1, ... are the lengths
// of the axes, s0, s1, ... the steps. src/ops/view.ts fills in the word in
// capitals, for each number of axes. params: n, l0, ..., s0, ...

fn viewed(i: u32) -> f32 {
  var rest = i;
  var at = 0u;
  PLACES
  return x[at];
}
