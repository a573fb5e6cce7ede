/**
 * WebAssembly modules of one function, written byte by byte: the instructions
 * that loops and draws need, and the sections around them. Codes are those of
 * the WebAssembly core specification 2.0, "Binary Format".
 */

/** A memory of WebAssembly; its elements are those of `buffer`. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
  /** By so many pages. Throws RangeError. */
  grow(pages: number): number;
}

/** What is used of the global `WebAssembly`. */
interface Wasm {
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared?: boolean;
  }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: Record<string, unknown> };
}

/** WebAssembly, where there is one. */
export const wasm: Wasm | undefined = (
  globalThis as { readonly WebAssembly?: Wasm }
).WebAssembly;

/** Bytes of a page, the unit in which memories are measured. */
export const PAGE = 65536;

const TYPES = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type Type = keyof typeof TYPES;

/** Instructions without operands of their own. */
const PLAIN = {
  else: [0x05],
  end: [0x0b],
  'i32.eqz': [0x45],
  'i32.lt_s': [0x48],
  'i32.lt_u': [0x49],
  'i32.gt_s': [0x4a],
  'i32.ge_s': [0x4e],
  'i32.ge_u': [0x4f],
  'i32.eq': [0x46],
  'i32.ne': [0x47],
  'i32.popcnt': [0x69],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.mul': [0x6c],
  'i32.div_u': [0x6e],
  'i32.rem_u': [0x70],
  'i32.and': [0x71],
  'i32x4.splat': simd(0x11),
  'f32x4.splat': simd(0x13),
  'f64x2.splat': simd(0x14),
  'i32x4.gt_u': simd(0x3c),
  'f32x4.eq': simd(0x41),
  'f32x4.ne': simd(0x42),
  'f32x4.lt': simd(0x43),
  'f32x4.gt': simd(0x44),
  'f32x4.le': simd(0x45),
  'f32x4.ge': simd(0x46),
  'f64x2.eq': simd(0x47),
  'f64x2.ne': simd(0x48),
  'f64x2.lt': simd(0x49),
  'f64x2.gt': simd(0x4a),
  'f64x2.le': simd(0x4b),
  'f64x2.ge': simd(0x4c),
  'v128.and': simd(0x4e),
  'v128.or': simd(0x50),
  'v128.xor': simd(0x51),
  'v128.bitselect': simd(0x52),
  'v128.any_true': simd(0x53),
  'f32x4.floor': simd(0x68),
  'f64x2.floor': simd(0x75),
  'i32x4.bitmask': simd(0xa4),
  'i32x4.shl': simd(0xab),
  'i32x4.shr_s': simd(0xac),
  'i32x4.shr_u': simd(0xad),
  'i32x4.add': simd(0xae),
  'i32x4.sub': simd(0xb1),
  'i64x2.bitmask': simd(0xc4),
  'i64x2.shl': simd(0xcb),
  'i64x2.shr_u': simd(0xcd),
  'i64x2.add': simd(0xce),
  'i64x2.sub': simd(0xd1),
  'i64x2.gt_s': simd(0xd9),
  // Products of 64 bits of the first, and of the last, two words.
  'i64x2.extmul_low_i32x4_u': simd(0xde),
  'i64x2.extmul_high_i32x4_u': simd(0xdf),
  'f32x4.abs': simd(0xe0),
  'f32x4.neg': simd(0xe1),
  'f32x4.sqrt': simd(0xe3),
  'f32x4.add': simd(0xe4),
  'f32x4.sub': simd(0xe5),
  'f32x4.mul': simd(0xe6),
  'f32x4.div': simd(0xe7),
  'f64x2.abs': simd(0xec),
  'f64x2.neg': simd(0xed),
  'f64x2.sqrt': simd(0xef),
  'f64x2.add': simd(0xf0),
  'f64x2.sub': simd(0xf1),
  'f64x2.mul': simd(0xf2),
  'f64x2.div': simd(0xf3),
  'f32x4.convert_i32x4_s': simd(0xfa),
  'f64x2.convert_low_i32x4_s': simd(0xfe),
} as const;
export type Plain = keyof typeof PLAIN;

/** Instructions on memory, with the bytes that follow the address. */
const ACCESS = {
  'i32.load': [[0x28], []],
  'f32.load': [[0x2a], []],
  'f64.load': [[0x2b], []],
  'f32.store': [[0x38], []],
  'f64.store': [[0x39], []],
  'v128.load': [simd(0x00), []],
  'v128.load32_splat': [simd(0x09), []],
  'v128.load64_splat': [simd(0x0a), []],
  'v128.store': [simd(0x0b), []],
  // Of one lane, the first unless said; the others are left as they are, or
  // are 0 after a load of `zero`.
  'v128.load32_lane': [simd(0x56), [0]],
  'v128.load64_lane': [simd(0x57), [0]],
  'v128.store32_lane': [simd(0x5a), [0]],
  'v128.store64_lane': [simd(0x5b), [0]],
  'v128.load32_zero': [simd(0x5c), []],
  'v128.load64_zero': [simd(0x5d), []],
} as const;
export type Access = keyof typeof ACCESS;

function simd(code: number): readonly number[] {
  return [0xfd, ...unsigned(code)];
}

/** LEB128 of a whole number >= 0. */
function unsigned(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [low + 128, ...unsigned((value - low) / 128)];
}

/** LEB128 of a whole number of 32 bits. */
function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const done = rest === (low & 0x40 ? -1 : 0);
  return done ? [low] : [low + 128, ...signed(rest)];
}

/** The body of a function, as it is written. */
export class Code {
  readonly params: readonly Type[];
  private readonly locals: Type[] = [];
  private readonly constants = new Map<string, number>();
  private readonly first: number[] = [];
  private readonly bytes: number[] = [];

  constructor(params: readonly Type[]) {
    this.params = params;
  }

  /** A new local variable, 0 at first. */
  local(type: Type): number {
    this.locals.push(type);
    return this.params.length + this.locals.length - 1;
  }

  op(...names: readonly Plain[]): void {
    for (const name of names) this.write(PLAIN[name]);
  }

  get(...locals: readonly number[]): void {
    for (const local of locals) this.write([0x20], unsigned(local));
  }

  set(local: number): void {
    this.write([0x21], unsigned(local));
  }

  /** Sets a local and leaves the value. */
  tee(local: number): void {
    this.write([0x22], unsigned(local));
  }

  /** A whole number of 32 bits. */
  int(value: number): void {
    this.write([0x41], signed(value));
  }

  /** The 16 bytes of a vector. */
  vector(bytes: Uint8Array): void {
    this.write(simd(0x0c), bytes);
  }

  /**
   * The 16 bytes of a vector, from a local that is set before all else: for
   * vectors that a loop needs again and again.
   */
  constant(view: ArrayBufferView): void {
    const { buffer, byteOffset, byteLength } = view;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    const key = bytes.join();
    let local = this.constants.get(key);
    if (local === undefined) {
      local = this.local('v128');
      this.constants.set(key, local);
      this.first.push(...simd(0x0c), ...bytes, 0x21, ...unsigned(local));
    }
    this.get(local);
  }

  /**
   * Loads or stores so many bytes after the address on the stack, which need
   * not be aligned.
   */
  access(name: Access, offset = 0, lane?: number): void {
    const [code, lanes] = ACCESS[name];
    this.write(code, [0], unsigned(offset));
    this.write(lane === undefined ? lanes : [lane]);
  }

  /** Four words of the two vectors on the stack, 0-3 of one, 4-7 of the other. */
  words(...of: readonly [number, number, number, number]): void {
    this.write(simd(0x0d));
    for (const word of of) this.write([0, 1, 2, 3].map((b) => 4 * word + b));
  }

  /** The word of a lane of the vector on the stack, 0 to 3. */
  word(lane: number): void {
    this.write(simd(0x1b), [lane]);
  }

  /** Low words of the two lanes of 64 bits of the vector on the stack. */
  lowWords(vector: number): void {
    const bytes = [0, 1, 2, 3, 8, 9, 10, 11];
    this.get(vector, vector);
    this.write(simd(0x0d), bytes, bytes);
  }

  /** Opens a block, a loop or an if; `op('end')` closes it. */
  open(kind: 'block' | 'loop' | 'if'): void {
    this.write([{ block: 0x02, loop: 0x03, if: 0x04 }[kind], 0x40]);
  }

  /** As branchIf, always. */
  branch(depth: number): void {
    this.write([0x0c], unsigned(depth));
  }

  /** Goes on after the block, or at the start of the loop, so far outside. */
  branchIf(depth: number): void {
    this.write([0x0d], unsigned(depth));
  }

  /**
   * The module: it imports the memory env.memory, shared or not, and exports
   * this function as `run`; what is left on the stack, an i32, is the result.
   */
  module(shared = false): Uint8Array {
    const name = (text: string) => vector([...text].map((c) => byte(c)));
    const types = this.params.map((type) => TYPES[type]);
    const locals = this.locals.map((type) => [1, TYPES[type]]);
    const body = [
      ...unsigned(locals.length),
      ...locals.flat(),
      ...this.first,
      ...this.bytes,
      ...PLAIN.end,
    ];
    return Uint8Array.from(
      [
        [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        section(1, [0x60, ...vector(types), ...vector([TYPES.i32])]),
        // Any memory will do: at least 0 pages, at most all if it is shared.
        section(2, [
          ...[...name('env'), ...name('memory'), 0x02],
          ...(shared ? [0x03, 0, ...unsigned(65536)] : [0x00, 0]),
        ]),
        section(3, [0]),
        section(7, [...name('run'), 0x00, 0]),
        section(10, vector(body)),
      ].flat(),
    );
  }

  private write(...parts: readonly ArrayLike<number>[]): void {
    for (const part of parts) {
      for (let i = 0; i < part.length; i++) this.bytes.push(part[i]!);
    }
  }
}

const byte = (character: string) => character.charCodeAt(0);

function vector(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

/** A section of one entry. */
function section(id: number, entry: readonly number[]): number[] {
  return [id, ...vector([1, ...entry])];
}

let vectors: boolean | undefined;

/** Whether the engine takes a function that makes a vector. */
export function hasSimd(): boolean {
  if (vectors === undefined) {
    const probe = new Code([]);
    probe.vector(new Uint8Array(16));
    probe.op('i32x4.bitmask');
    try {
      // A page may refuse to compile what is valid.
      vectors = wasm !== undefined && !!new wasm.Module(probe.module());
    } catch {
      vectors = false;
    }
  }
  return vectors;
}
