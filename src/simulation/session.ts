/**
 * What runs on a backend, of a graph (Simulation) or of a network (NetworkRun):
 * whose turn it is, what is watched, who closes the backend, and what is left
 * when it is over.
 */

import { Observable, Subject } from 'rxjs';
import type { Backend, Executable } from '../backends/backend.ts';
import { type OnBackend, openBackend, takeBackend } from '../backends/open.ts';
import { OptionError } from '../base/errors.ts';
import { Turns } from '../base/turns.ts';

interface Freed {
  free(): void;
}

/** `Built`: what is built on the backend for what is asked and watched. */
export abstract class Session<Built extends Freed = Freed> {
  /** The backend on which it runs. */
  readonly backend: Backend;
  /** Something else is asked or watched: it is built anew before it is used. */
  protected stale = false;
  /** What is built so far. */
  protected ready: Built | null = null;
  private readonly kind: string;
  private readonly turns = new Turns();
  private readonly streams: { complete(): void }[] = [];
  private ownsBackend = false;
  private destroyed = false;

  protected constructor(kind: string, backend: Backend) {
    this.kind = kind;
    this.backend = backend;
  }

  /** Lets the backend close with the session. */
  ownBackend(): this {
    this.ownsBackend = true;
    return this;
  }

  /**
   * Ends all streams and frees all memory; the backend closes too if it was
   * opened for this session. What is asked for afterwards is an OptionError.
   */
  destroy(): void {
    this.destroyed = true;
    this.discard();
    this.release();
    for (const each of this.streams) each.complete();
    if (this.ownsBackend) this.backend.close();
  }

  /** Frees what it holds beside what is built. */
  protected abstract release(): void;

  /** Builds what is asked now; `before` is what was built for something else. */
  protected abstract build(before: Built | null): Promise<Built>;

  /** What is built, as what is asked now wants it. */
  protected async built(): Promise<Built> {
    if (this.ready && !this.stale) return this.ready;
    // What changes meanwhile makes it stale again.
    this.stale = false;
    try {
      return this.install(await this.build(this.ready));
    } catch (error) {
      this.stale = true;
      throw error;
    }
  }

  /** What was there before goes when nothing can fail any more. */
  protected install(built: Built): Built {
    this.ready?.free();
    this.ready = built;
    if (this.gone !== null) this.discard();
    this.checkExists();
    return built;
  }

  protected discard(): void {
    this.ready?.free();
    this.ready = null;
  }

  /** What is destroyed of all that it needs, in words. */
  protected get gone(): string | null {
    return this.destroyed ? this.kind : null;
  }

  protected checkExists(): void {
    if (this.gone === null) return;
    throw new OptionError(`The ${this.gone} is destroyed: open another`, {
      what: this.gone,
    });
  }

  /** Whether work may begin now. Throws OptionError. */
  protected checkReady(): void {
    this.checkExists();
  }

  /** Does work when all that was asked for before is done. */
  protected inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.turns.take(() => {
      this.checkReady();
      return work();
    });
  }

  /** What is compiled too late for a session is freed at once. */
  protected async compile(
    ...of: Parameters<Backend['compile']>
  ): Promise<Executable> {
    const run = await this.backend.compile(...of);
    if (this.gone !== null) run.free();
    this.checkExists();
    return run;
  }

  /** A stream that ends with the session. */
  protected ending<T extends { complete(): void }>(stream: T): T {
    this.streams.push(stream);
    return stream;
  }

  /** Streams by key; `built`: what is built depends on which are watched. */
  protected watching<What, T>(built: boolean): Streams<What, T> {
    const isOver = () => this.gone !== null;
    const change = () => {
      this.stale ||= built;
    };
    return this.ending(new Streams(isOver, change));
  }
}

/** Hot streams, watched from the first subscription to the end of the last. */
export class Streams<What, T> {
  private readonly open = new Map<
    string,
    { readonly what: What; readonly subject: Subject<T> }
  >();
  private readonly isOver: () => boolean;
  private readonly change: () => void;

  /** Those of what `isOver` complete at once; `change`: others are watched. */
  constructor(isOver: () => boolean, change: () => void) {
    this.isOver = isOver;
    this.change = change;
  }

  /** What is watched now. */
  get watched(): { readonly key: string; readonly what: What }[] {
    return [...this.open].map(([key, { what }]) => ({ key, what }));
  }

  stream(key: string, what: What): Observable<T> {
    return new Observable((subscriber) => {
      if (this.isOver()) return subscriber.complete();
      let entry = this.open.get(key);
      if (!entry) {
        entry = { what, subject: new Subject() };
        this.open.set(key, entry);
        this.change();
      }
      const { subject } = entry;
      const subscription = subject.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        if (subject.observed || this.open.get(key) !== entry) return;
        this.open.delete(key);
        this.change();
      };
    });
  }

  send(key: string, sample: T): void {
    this.open.get(key)?.subject.next(sample);
  }

  complete(): void {
    const ended = [...this.open.values()];
    this.open.clear();
    for (const { subject } of ended) subject.complete();
  }
}

/** Opens a session on a backend; one that is opened for it closes with it. */
export async function openSession<S extends Session>(
  on: OnBackend,
  make: (backend: Backend) => S,
  open: typeof openBackend = openBackend,
): Promise<S> {
  const { backend, owned } = await takeBackend(on, open);
  try {
    const session = make(backend);
    return owned ? session.ownBackend() : session;
  } catch (error) {
    if (owned) backend.close();
    throw error;
  }
}
