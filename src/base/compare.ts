/**
 * Elements that differ in a bit. +0 = -0; what is not finite is a failure and
 * counts as differing.
 */
export function differing(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] || !Number.isFinite(a[i])) count += 1;
  }
  return count;
}
