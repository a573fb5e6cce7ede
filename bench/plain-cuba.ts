/**
 * The CUBA network of models/circuits/cuba.ts in plain JavaScript, as somebody
 * would write it by hand for this network alone: typed arrays, one loop over
 * neurons a tick, what is to arrive in a ring. Float64. The yardstick of
 * bench/sections/networks.ts; it shares nothing with the simulator but the synapses.
 */

export interface PlainSynapses {
  readonly pre: ArrayLike<number>;
  readonly post: ArrayLike<number>;
  /** In ticks. */
  readonly delay: ArrayLike<number>;
}

export class PlainCuba {
  /** Spikes so far. */
  spikes = 0;
  private tick = 0;
  private readonly size: number;
  private readonly ring: number;
  private readonly v: Float64Array;
  private readonly ge: Float64Array;
  private readonly gi: Float64Array;
  private readonly last: Int32Array;
  private readonly exc: Float64Array;
  private readonly inh: Float64Array;
  private readonly rows: Int32Array;
  private readonly post: Int32Array;
  private readonly delay: Int32Array;
  private readonly excitatory: number;

  constructor(
    size: number,
    start: (neuron: number) => number,
    [excitatory, inhibitory]: readonly [PlainSynapses, PlainSynapses],
  ) {
    this.size = size;
    this.excitatory = Math.floor(0.8 * size);
    this.v = Float64Array.from({ length: size }, (_, i) => start(i));
    this.ge = new Float64Array(size);
    this.gi = new Float64Array(size);
    this.last = new Int32Array(size).fill(-1000);
    const count = excitatory.pre.length + inhibitory.pre.length;
    this.rows = new Int32Array(size + 1);
    this.post = new Int32Array(count);
    this.delay = new Int32Array(count);
    let at = 0;
    let longest = 0;
    // Sources of the one are below those of the other.
    for (const { pre, post, delay } of [excitatory, inhibitory]) {
      for (let s = 0; s < pre.length; s++) {
        this.rows[pre[s] + 1] = at + 1;
        this.post[at] = post[s];
        this.delay[at++] = delay[s];
        if (delay[s] > longest) longest = delay[s];
      }
    }
    for (let i = 0; i < size; i++) {
      if (this.rows[i + 1] < this.rows[i]) this.rows[i + 1] = this.rows[i];
    }
    this.ring = 2 ** Math.ceil(Math.log2(longest + 1));
    this.exc = new Float64Array(this.ring * size);
    this.inh = new Float64Array(this.ring * size);
  }

  run(ticks: number): void {
    const { size, v, ge, gi, last, exc, inh, rows, post, delay } = this;
    const mask = this.ring - 1;
    const dt = 0.1;
    const [em, ee, ei] = [20, 5, 10].map((tau) => Math.exp(-dt / tau));
    const pe = (5 / (5 - 20)) * (ee - em);
    const pi = (10 / (10 - 20)) * (ei - em);
    const fired = new Int32Array(size);
    for (const end = this.tick + ticks; this.tick < end; this.tick++) {
      const n = this.tick;
      const slot = (n & mask) * size;
      let count = 0;
      for (let i = 0; i < size; i++) {
        const g = ge[i];
        const h = gi[i];
        ge[i] = g * ee + exc[slot + i];
        gi[i] = h * ei + inh[slot + i];
        if (n - last[i] < 50) continue;
        const x = -49 + em * (v[i] + 49) + pe * g + pi * h;
        if (x > -50) {
          v[i] = -60;
          last[i] = n;
          fired[count++] = i;
        } else v[i] = x;
      }
      exc.fill(0, slot, slot + size);
      inh.fill(0, slot, slot + size);
      for (let k = 0; k < count; k++) {
        const i = fired[k];
        const to = i < this.excitatory ? exc : inh;
        const weight = i < this.excitatory ? 1.62 : -9;
        for (let s = rows[i]; s < rows[i + 1]; s++) {
          to[((n + delay[s]) & mask) * size + post[s]] += weight;
        }
      }
      this.spikes += count;
    }
  }
}
