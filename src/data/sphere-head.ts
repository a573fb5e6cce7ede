/**
 * Impulse responses of a rigid sphere for a head: synthetic, not measured.
 *
 * Each ear hears a far source at angle a from its own axis r/c (-cos a) later
 * than the centre would if it faces it, and r/c (a - pi/2) later, round the
 * sphere, if not: the difference of the two ears is r/c (b + sin b) for a
 * source b off the front (R. S. Woodworth 1938). The shadow is a filter with
 * one pole and one zero (C. P. Brown and R. O. Duda 1998, "A structural model
 * for binaural sound synthesis"), 1 at low frequencies, where it adds a delay
 * of its own.
 */

/** Radius of the sphere in metres. */
export const RADIUS = 0.0875;
/** Speed of sound in metres per second. */
export const SPEED = 343;
/** Samples before a wave would be at the centre of the head. */
export const LEAD = 32;

/** Brown and Duda: the deepest shadow, and the angle where it is. */
const DEEPEST = 0.1;
const DEEPEST_AT = (150 * Math.PI) / 180;
/** Samples on either side of a delay between samples. */
const HALF_WIDTH = 16;

/**
 * The response of one ear.
 *
 * @param azimuth of the source in degrees, counter-clockwise from the front
 * @param ear 0: left (90 degrees), 1: right (270 degrees)
 * @param sampleRate in Hz
 * @param samples how many; 128 at 48 kHz hold all of it
 */
export function sphereResponse(
  azimuth: number,
  ear: 0 | 1,
  sampleRate: number,
  samples: number,
): Float64Array {
  const angle = angleFromEar(azimuth, ear);
  const facing = angle < Math.PI / 2;
  const delay =
    (RADIUS / SPEED) * (facing ? -Math.cos(angle) : angle - Math.PI / 2);
  const pulse = pulseAt(LEAD + delay * sampleRate, samples);
  const zero =
    1 +
    DEEPEST / 2 +
    (1 - DEEPEST / 2) * Math.cos((angle / DEEPEST_AT) * Math.PI);
  return shadow(pulse, zero, sampleRate);
}

/** In radians, 0 to pi. */
function angleFromEar(azimuth: number, ear: 0 | 1): number {
  const turn = (((azimuth - (ear === 0 ? 90 : 270)) % 360) + 360) % 360;
  return (Math.min(turn, 360 - turn) * Math.PI) / 180;
}

/** A unit pulse between samples: a sinc under a raised cosine. */
function pulseAt(time: number, samples: number): Float64Array {
  return Float64Array.from({ length: samples }, (_, n) => {
    const x = n - time;
    if (Math.abs(x) >= HALF_WIDTH) return 0;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    return sinc * Math.cos((Math.PI * x) / (2 * HALF_WIDTH)) ** 2;
  });
}

/** (1 + zero s/(2 w)) / (1 + s/(2 w)) with w = c/r, by the bilinear rule. */
function shadow(
  pulse: Float64Array,
  zero: number,
  sampleRate: number,
): Float64Array {
  const k = (sampleRate * RADIUS) / SPEED;
  const [b0, b1] = [(1 + zero * k) / (1 + k), (1 - zero * k) / (1 + k)];
  const a1 = (1 - k) / (1 + k);
  const out = new Float64Array(pulse.length);
  for (let n = 0; n < pulse.length; n++) {
    const [x, y] = n === 0 ? [0, 0] : [pulse[n - 1], out[n - 1]];
    out[n] = b0 * pulse[n]! + b1 * x! - a1 * y!;
  }
  return out;
}
