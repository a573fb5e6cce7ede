import { OptionError, show } from '../base/errors.ts';
import {
  type FileOptions,
  type FileSet,
  type FoundFiles,
  findFiles,
  loadFiles,
} from './files.ts';

/** What every data set says of itself. */
export interface About<Name extends string = string> {
  /** Its name on the command line, such as `digits`. */
  readonly name: Name;
  /** For people; with whom to credit. */
  readonly title: string;
  /** True if made by a program, false if recorded. */
  readonly synthetic: boolean;
  /** Where it came from: a folder, or how it was made. */
  readonly source: string;
}

/** Options of data sets of which a part may be enough. */
export interface SetOptions extends FileOptions {
  /** Of sets that a program draws: whole number in [0, 2^32). Default 1. */
  readonly seed?: number;
  /** Use only the first to learn from. Default all, or as many as are drawn. */
  readonly trainCount?: number;
  /** Use only the first to test on. Default all, or as many as are drawn. */
  readonly testCount?: number;
}

/** What is in a data set, and where it came from. */
export type Loaded<Content> = Content & Pick<About, 'source'>;

/** A data set before it is loaded. */
export interface DataEntry<Name extends string, Content, Options>
  extends Omit<About<Name>, 'source'> {
  load(options: Options): Promise<Loaded<Content>>;
  /** Of recorded sets: as load, but undefined if it is not on this machine. */
  find?(options: Options): Promise<Loaded<Content> | undefined>;
}

/** How a data set is had that is read from files. */
export function fromFiles<Content, Options extends FileOptions>(
  set: FileSet,
  parse: (found: FoundFiles, options: Options) => Loaded<Content>,
): Required<Pick<DataEntry<string, Content, Options>, 'load' | 'find'>> {
  return {
    load: async (options) => parse(await loadFiles(set, options), options),
    find: async (options) => {
      const found = await findFiles(set, options);
      return found && parse(found, options);
    },
  };
}

/**
 * An entry of a table, and what is in it. `auto` is the first recorded one
 * that is on this machine, else the first that is made; it never downloads.
 *
 * @param what a name in words, for the text of an error
 * @param autos names like `auto`, each with the names that it chooses from
 * @throws OptionError if there is none of that name
 */
export async function choose<Name extends string, Content, Options, More>(
  what: (name: string) => string,
  table: readonly (DataEntry<Name, Content, Options> & More)[],
  name: string,
  options: Options,
  autos: Readonly<Record<string, readonly Name[]>> = {
    auto: table.map((entry) => entry.name),
  },
): Promise<readonly [(typeof table)[number], Loaded<Content>]> {
  const auto = Object.hasOwn(autos, name);
  const names: readonly string[] = auto ? autos[name]! : [name];
  const entries = table.filter((entry) => names.includes(entry.name));
  for (const entry of entries) {
    const found = auto ? await entry.find?.(options) : undefined;
    if (found !== undefined) return [entry, found];
  }
  const made = auto ? entries.find((entry) => !entry.find) : entries[0];
  if (made !== undefined) return [made, await made.load(options)];
  const known = [...table.map((entry) => entry.name), ...Object.keys(autos)];
  throw new OptionError(
    `There is no ${what(show(name))}: choose one of ${known.join(', ')}`,
    { name },
  );
}

/** Before anything is read or downloaded. */
export function checkCounts(
  { trainCount, testCount }: SetOptions,
  what: string,
): void {
  const counts = { train: trainCount, test: testCount };
  for (const [split, count] of Object.entries(counts)) {
    if (count === undefined) continue;
    if (Number.isInteger(count) && count >= 1) continue;
    throw new OptionError(
      `Cannot use ${count} ${split} ${what}: pass a whole number >= 1`,
      { split, count },
    );
  }
}

/** How many of the available ones are to be used. */
export function countOf(
  name: string,
  what: string,
  available: number,
  count = available,
): number {
  if (count <= available) return count;
  throw new OptionError(
    `Data set ${name} has ${available} ${what} but ${count} are asked for: ` +
      'ask for fewer',
    { name, what, count, available },
  );
}
