/**
 * Times of things that are compared: they take turns, since machines drift by
 * more than what is to be shown, and ratios are made of what ran side by side.
 */

/** One of those that are compared. */
export interface Contender {
  readonly name: string;
  /** Makes it as it was before; not timed. */
  prepare(): void;
  /** Does its work once, and waits until it is done. */
  run(): Promise<unknown>;
}

export interface Turns {
  /** Rounds at most. */
  readonly rounds: number;
  /** ms of one contender: a dear one takes part in the first rounds only. */
  readonly budget: number;
  /** Ends the rounds by an error. */
  readonly signal: AbortSignal;
  /** How far it is, from 0 to 1. */
  readonly progress: (part: number, text: string) => void;
}

/** Rounds that even the dearest takes part in. */
const LEAST = 3;
/** ms that a turn takes at least: shorter ones measure what else is going on. */
const TURN = 10;

/**
 * ms of a run by contender; the i-th is of round i, the mean of as many runs as
 * make a turn. The order of a round is turned round in the next. Each contender
 * has run before, the quick ones twice.
 */
export async function timeRounds(
  contenders: readonly Contender[],
  { rounds, budget, signal, progress }: Turns,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const time = async ({ prepare, run }: Contender) => {
    signal.throwIfAborted();
    prepare();
    const begun = performance.now();
    await run();
    return performance.now() - begun;
  };
  const shares = new Map<Contender, { rounds: number; repeats: number }>();
  for (const contender of contenders) {
    const first = await time(contender); // may compile
    const once = first > budget / 4 ? first : await time(contender);
    const repeats = Math.max(1, Math.ceil(TURN / once));
    const affordable = Math.floor(budget / (once * repeats));
    const own = Math.min(rounds, Math.max(LEAST, affordable));
    shares.set(contender, { rounds: own, repeats });
  }
  const times = new Map<string, number[]>(
    contenders.map(({ name }) => [name, []]),
  );
  for (let round = 0; round < rounds; round++) {
    const order = contenders.filter((c) => round < shares.get(c)!.rounds);
    if (round % 2 === 1) order.reverse();
    for (const contender of order) {
      progress(round / rounds, contender.name);
      const { repeats } = shares.get(contender)!;
      let ms = 0;
      for (let i = 0; i < repeats; i++) ms += await time(contender);
      times.get(contender.name)!.push(ms / repeats);
    }
  }
  return times;
}

export interface Quartiles {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

/** Median and quartiles of at least one value, between two where they fall so. */
export function quartiles(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const [below, above] = [Math.floor(place), Math.ceil(place)];
    return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
  };
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) };
}

/** Of each round that both took part in, the time of one over the other's. */
export function ratiosOf(
  one: readonly number[],
  other: readonly number[],
): number[] {
  const both = Math.min(one.length, other.length);
  return one.slice(0, both).map((ms, i) => ms / other[i]!);
}
