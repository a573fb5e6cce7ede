/** Complex numbers of float64: no more than the theory here needs. */

export interface Complex {
  readonly re: number;
  readonly im: number;
}

export function complex(re: number, im = 0): Complex {
  return { re, im };
}

export function add(a: Complex, b: Complex): Complex {
  return { re: a.re + b.re, im: a.im + b.im };
}

export function subtract(a: Complex, b: Complex): Complex {
  return { re: a.re - b.re, im: a.im - b.im };
}

export function multiply(a: Complex, b: Complex): Complex {
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

export function scale(a: Complex, factor: number): Complex {
  return { re: a.re * factor, im: a.im * factor };
}

/** Smith's division: neither part of b is squared, so nothing overflows. */
export function divide(a: Complex, b: Complex): Complex {
  if (Math.abs(b.re) >= Math.abs(b.im)) {
    const r = b.im / b.re;
    const d = b.re + b.im * r;
    return { re: (a.re + a.im * r) / d, im: (a.im - a.re * r) / d };
  }
  const r = b.re / b.im;
  const d = b.re * r + b.im;
  return { re: (a.re * r + a.im) / d, im: (a.im * r - a.re) / d };
}

export function conjugate(a: Complex): Complex {
  return { re: a.re, im: -a.im };
}

export function abs(a: Complex): number {
  return Math.hypot(a.re, a.im);
}

/** Argument in [-pi, pi]; -pi only below the cut, where im is -0. */
export function arg(a: Complex): number {
  return Math.atan2(a.im, a.re);
}

export function exp(a: Complex): Complex {
  const size = Math.exp(a.re);
  // On the real axis no 0 times infinity.
  return { re: size * Math.cos(a.im), im: a.im && size * Math.sin(a.im) };
}

/** The principal logarithm. */
export function log(a: Complex): Complex {
  return { re: Math.log(abs(a)), im: arg(a) };
}

/** The root with a real part >= 0. */
export function sqrt(a: Complex): Complex {
  const size = abs(a);
  if (size === 0) return { re: 0, im: 0 };
  const large = Math.sqrt((size + Math.abs(a.re)) / 2);
  const small = Math.abs(a.im) / (2 * large);
  const [re, im] = a.re >= 0 ? [large, small] : [small, large];
  return { re, im: a.im < 0 ? -im : im };
}
