/**
 * What a run of an experiment has done so far, in a file: a line for each piece
 * of work, written when the piece is done. The same run finds its file again and
 * goes on after it; another run, with other settings, has a file of its own.
 */

import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { FileError, messageOf } from '../base/errors.ts';
import { prepareFolder } from '../formats/folder.ts';

/** What makes runs one run: all that their rows depend on. */
export type Identity = Readonly<Record<string, unknown>>;

/** The pieces of a run that are done, in its file and in memory. */
export class Journal {
  readonly path: string;
  private readonly done: Map<string, readonly object[]>;

  private constructor(path: string, done: Map<string, readonly object[]>) {
    this.path = path;
    this.done = done;
  }

  /** Opens a run's file in a folder, made if need be. Throws FileError. */
  static async open(
    folder: string,
    name: string,
    identity: Identity,
    options: { fresh?: boolean } = {},
  ): Promise<Journal> {
    const head = JSON.stringify(identity);
    const hash = createHash('sha256').update(head).digest('hex').slice(0, 8);
    const file = path.join(folder, `${name}-${hash}.jsonl`);
    try {
      await prepareFolder(folder);
      const text = options.fresh ? '' : await textOf(file);
      const done = text === '' ? null : piecesOf(text, head);
      if (!done) await write(file, `${head}\n`, 'w');
      // A line that was cut off must not be joined by the next.
      else if (!text.endsWith('\n')) await write(file, '\n', 'a');
      return new Journal(file, done ?? new Map());
    } catch (error) {
      if (error instanceof FileError) throw error;
      throw new FileError(
        `The rows so far cannot be kept in "${file}" (${messageOf(error)}): ` +
          'give another --out',
        { file },
      );
    }
  }

  /** Pieces that are done. */
  get size(): number {
    return this.done.size;
  }

  /** Rows of a piece, if it is done. */
  rowsOf(key: string): readonly object[] | undefined {
    return this.done.get(key);
  }

  /** Keeps the rows of a piece; they are on the disk afterwards. */
  async add(key: string, rows: readonly object[]): Promise<void> {
    const line = JSON.stringify({ key, rows }, replacer);
    try {
      await write(this.path, `${line}\n`, 'a');
    } catch (error) {
      throw new FileError(
        `Rows cannot be kept in "${this.path}" (${messageOf(error)}): make ` +
          'room and run it again, it goes on from here',
        { file: this.path },
      );
    }
    this.done.set(key, rows);
  }
}

/** The pieces of a file; null if it is of another run. */
function piecesOf(text: string, head: string): Map<string, object[]> | null {
  const [first, ...lines] = text.split('\n');
  if (first !== head) return null;
  const done = new Map<string, object[]>();
  for (const line of lines) {
    const piece = pieceOf(line);
    if (piece) done.set(piece.key, piece.rows);
  }
  return done;
}

/** Null for a line that was cut off: its piece is done again. */
function pieceOf(line: string): { key: string; rows: object[] } | null {
  try {
    const piece = JSON.parse(line, reviver);
    return typeof piece.key === 'string' && Array.isArray(piece.rows)
      ? piece
      : null;
  } catch {
    return null;
  }
}

/** JSON has no numbers but finite ones. */
function replacer(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value)
    ? { '@number': `${value}` }
    : Object.is(value, -0)
      ? { '@number': '-0' }
      : value;
}

function reviver(_: string, value: unknown): unknown {
  const text = (value as { '@number'?: string } | null)?.['@number'];
  return text === undefined ? value : Number(text);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return '';
    throw error;
  }
}

async function write(file: string, text: string, flag: string): Promise<void> {
  const handle = await open(file, flag);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
