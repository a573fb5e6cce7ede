/**
 * Threads that share the arena. Work is given out in parts, each one call of a
 * function of WebAssembly; whoever is free takes the next, this thread too, so
 * a machine that has no threads, or whose threads are late, does all of it by
 * itself. Which thread does a part changes no bit.
 */

import { addressOf, arenaMemory, arrayInArena } from './arena.ts';
import { type WasmMemory, wasm } from './code.ts';

/** A module of one function, as Code makes it for shared memory. */
export type Bytes = Uint8Array;

type Run = (...args: readonly number[]) => unknown;

/** Places of the words that threads share. */
const WORD = {
  /** Which job, and in the last 8 bits how many of its parts are not taken. */
  parts: 0,
  done: 1,
  all: 2,
  failed: 3,
  code: 4,
  codeAt: 5,
  codeLength: 6,
  arguments: 7,
  first: 8,
} as const;

/** Parts of a job, at most. */
export const MOST_PARTS = 64;
const MOST_ARGUMENTS = 8;
const WORDS = WORD.first + MOST_PARTS * MOST_ARGUMENTS;
/** Bytes for the modules that threads run. */
const CODE_BYTES = 1 << 18;
/** Looks at a word before a thread goes to sleep: some 20 microseconds. */
const LOOKS = 2000;

const MOST_THREADS = 16;

/** What a thread does all its life. It is text: it starts from no file. */
const THREAD = `
const { memory, address } = require('node:worker_threads').workerData;
const words = new Int32Array(memory.buffer, address, ${WORDS});
const bytes = new Uint8Array(memory.buffer, address + ${4 * WORDS}, ${CODE_BYTES});
const runs = new Map();
function runOf(id) {
  let run = runs.get(id);
  if (run) return run;
  const at = words[${WORD.codeAt}];
  const module = new WebAssembly.Module(bytes.slice(at, at + words[${WORD.codeLength}]));
  run = new WebAssembly.Instance(module, { env: { memory } }).exports.run;
  runs.set(id, run);
  return run;
}
for (let looks = 0; ; ) {
  const word = Atomics.load(words, ${WORD.parts});
  const left = word & 255;
  if (left === 0) {
    if (++looks < ${LOOKS}) continue;
    Atomics.wait(words, ${WORD.parts}, word);
    looks = 0;
    continue;
  }
  if (Atomics.compareExchange(words, ${WORD.parts}, word, word - 1) !== word) continue;
  looks = 0;
  try {
    const at = ${WORD.first} + (left - 1) * ${MOST_ARGUMENTS};
    const args = words.subarray(at, at + words[${WORD.arguments}]);
    runOf(words[${WORD.code}])(...args);
  } catch (error) {
    Atomics.store(words, ${WORD.failed}, 1);
  }
  if (Atomics.add(words, ${WORD.done}, 1) + 1 === words[${WORD.all}]) {
    Atomics.notify(words, ${WORD.done});
  }
}`;

/** What is used of node:worker_threads and node:os. */
interface Builtins {
  getBuiltinModule?(name: 'node:worker_threads'): {
    readonly Worker: new (
      text: string,
      options: object,
    ) => { unref(): void; on(event: 'error', listener: () => void): void };
  };
  getBuiltinModule?(name: 'node:os'): { availableParallelism(): number };
}

const builtins = (globalThis as { readonly process?: Builtins }).process;

/** Threads that this machine runs at once; 1 where there are none to be had. */
export function threadsThere(): number {
  const there = builtins?.getBuiltinModule?.('node:os').availableParallelism();
  return Math.min(there ?? 1, MOST_THREADS);
}

const instances = new WeakMap<Bytes, Run>();

/** The function of a module, in the arena. */
export function runOf(code: Bytes): Run {
  let run = instances.get(code);
  if (!run) {
    const memory = arenaMemory();
    if (!wasm || !memory) throw new Error('no shared memory of WebAssembly');
    const { Module, Instance } = wasm;
    const made = new Instance(new Module(code), { env: { memory } });
    run = made.exports.run as Run;
    instances.set(code, run);
  }
  return run;
}

class Team {
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  /** Number and place of each module. */
  private readonly codes = new Map<Bytes, { id: number; at: number }>();
  private used = 0;
  private job = 0;
  private threads = 1;

  constructor(words: Int32Array) {
    this.words = words;
    const { buffer, byteOffset, byteLength } = words;
    this.bytes = new Uint8Array(buffer, byteOffset + byteLength, CODE_BYTES);
  }

  /** Starts threads until there are so many, this one included. */
  grow(threads: number, memory: WasmMemory): void {
    const module = builtins?.getBuiltinModule?.('node:worker_threads');
    if (!module) return;
    for (; this.threads < threads; this.threads++) {
      const workerData = { memory, address: addressOf(this.words) };
      const worker = new module.Worker(THREAD, { eval: true, workerData });
      worker.on('error', () => {});
      // A process ends without waiting for them.
      worker.unref();
    }
  }

  run(code: Bytes, calls: readonly (readonly number[])[]): void {
    const { words } = this;
    const placed = this.place(code);
    const run = runOf(code);
    if (!placed) {
      for (const call of calls) run(...call);
      return;
    }
    calls.forEach((call, part) => {
      words.set(call, WORD.first + part * MOST_ARGUMENTS);
    });
    words[WORD.code] = placed.id;
    words[WORD.codeAt] = placed.at;
    words[WORD.codeLength] = code.length;
    words[WORD.arguments] = calls[0]!.length;
    words[WORD.all] = calls.length;
    words[WORD.failed] = 0;
    Atomics.store(words, WORD.done, 0);
    this.job = (this.job + 1) & 0x7fffff;
    Atomics.store(words, WORD.parts, (this.job << 8) | calls.length);
    Atomics.notify(words, WORD.parts);
    let failure: unknown = null;
    for (;;) {
      const word = Atomics.load(words, WORD.parts);
      const left = word & 255;
      if (left === 0) break;
      const won = Atomics.compareExchange(words, WORD.parts, word, word - 1);
      if (won !== word) continue;
      try {
        run(...calls[left - 1]!);
      } catch (error) {
        failure = error;
      }
      Atomics.add(words, WORD.done, 1);
    }
    this.wait(calls.length);
    if (failure) throw failure;
    if (words[WORD.failed]) throw new Error('a thread failed at its part');
  }

  private wait(parts: number): void {
    const { words } = this;
    for (let looks = 0; ; looks++) {
      const done = Atomics.load(words, WORD.done);
      if (done === parts) return;
      if (looks > LOOKS) Atomics.wait(words, WORD.done, done, 10);
    }
  }

  private place(code: Bytes): { id: number; at: number } | null {
    const known = this.codes.get(code);
    if (known) return known;
    if (this.used + code.length > CODE_BYTES) return null;
    const placed = { id: this.codes.size, at: this.used };
    this.bytes.set(code, this.used);
    this.used += code.length;
    this.codes.set(code, placed);
    return placed;
  }
}

let team: Team | null = null;

/**
 * Runs a function of the arena once for each list of arguments (32-bit words,
 * at most 8; at most 64 lists), on so many threads. The calls must not depend
 * on each other.
 */
export function runParts(
  code: Bytes,
  calls: readonly (readonly number[])[],
  threads: number,
): void {
  if (calls.length > 1 && threads > 1) {
    team ??= makeTeam();
    const memory = arenaMemory();
    if (team && memory) {
      team.grow(Math.min(threads, MOST_THREADS), memory);
      team.run(code, calls);
      return;
    }
  }
  const run = runOf(code);
  for (const call of calls) run(...call);
}

function makeTeam(): Team | null {
  const size = WORDS + CODE_BYTES / 4;
  const all = arrayInArena(Int32Array, size, 4);
  if (!all) return null;
  kept.push(all);
  return new Team(all.subarray(0, WORDS));
}

/** Parts of it do not keep an array of the arena. */
const kept: Int32Array[] = [];
