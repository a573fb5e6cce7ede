/**
 * Times of things that are compared: they take turns, since machines drift by
 * more than what is to be shown, and ratios are made of what ran side by side.
 */

/** One of those that are compared. */
export interface Contender {
  readonly name: string;
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

/**
 * ms of each run by contender; the i-th is of round i. The order of a round
 * is turned round in the next, and each contender has run twice before.
 */
export async function timeRounds(
  contenders: readonly Contender[],
  { rounds, budget, signal, progress }: Turns,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const time = async ({ run }: Contender) => {
    signal.throwIfAborted();
    const begun = performance.now();
    await run();
    return performance.now() - begun;
  };
  const shares = new Map<Contender, number>();
  for (const contender of contenders) {
    await time(contender); // compiles
    const once = await time(contender);
    const affordable = Math.max(LEAST, Math.floor(budget / once));
    shares.set(contender, Math.min(rounds, affordable));
  }
  const times = new Map<string, number[]>(
    contenders.map(({ name }) => [name, []]),
  );
  for (let round = 0; round < rounds; round++) {
    const order = contenders.filter((each) => round < shares.get(each)!);
    if (round % 2 === 1) order.reverse();
    for (const contender of order) {
      progress(round / rounds, contender.name);
      times.get(contender.name)!.push(await time(contender));
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
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) };
}

/** Of each round that both took part in, the time of one over the other's. */
export function ratiosOf(
  one: readonly number[],
  other: readonly number[],
): number[] {
  const both = Math.min(one.length, other.length);
  return one.slice(0, both).map((ms, i) => ms / other[i]);
}
