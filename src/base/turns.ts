/** Who works when: pieces of work in order, and the thread left to others. */

/** Pieces of work that each wait for the one before, whether it failed or not. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}

/** Lets others have the thread, and what they wait for be submitted. */
export function yieldThread(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/**
 * Milliseconds after which long work yields: on the CPU its steps are
 * microtasks alone, and neither Ctrl-C nor a page's clicks got through.
 */
const YIELD_AFTER = 50;

/** To be awaited between pieces of long work: yields if it is time to. */
export function yielder(): () => Promise<void> {
  let yielded = performance.now();
  return async () => {
    if (performance.now() - yielded <= YIELD_AFTER) return;
    await yieldThread();
    yielded = performance.now();
  };
}
