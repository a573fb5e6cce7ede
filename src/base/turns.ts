/**
 * Milliseconds after which a run gives others a turn: on the CPU its steps
 * are microtasks alone, and neither Ctrl-C nor a page's clicks got through.
 */
const REST_AFTER = 50;

/** The turns of a long run among other work of the process. */
export class Turns {
  private rested = performance.now();

  /** To be awaited between pieces of work; rests if it is time to. */
  async give(): Promise<void> {
    if (performance.now() - this.rested <= REST_AFTER) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.rested = performance.now();
  }
}
