/** What the commands that run studies have in common. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { openBackend } from '../backends/open.ts';
import type { Values } from '../base/schema.ts';
import { table } from '../figures/circuit-text.ts';
import type { Study } from '../studies/study.ts';
import type { onBackend } from './command.ts';
import { type Output, put } from './output.ts';

/** The parameters of a study: of a size, then as told. Throws OptionError. */
export function parametersFrom(
  study: Pick<Study, 'schema' | 'quick' | 'full'>,
  told: readonly string[] = [],
  size: 'quick' | 'full' | null = null,
): Readonly<Record<string, unknown>> {
  const { schema } = study;
  return schema.read({
    ...schema.parse((size && study[size]) ?? {}),
    ...schema.parse(told),
  });
}

/** Parameters as lists tell them. */
export function described({ fields }: Study['schema']) {
  const told = Object.entries(fields).map(([name, option]) => {
    const { default: value, unit, help = '', from, words: oneOf } = option;
    const { least, most } = option;
    // Of a list: what each of its values is.
    const whole = /\bwhole number\b/.test(option.allowed) || undefined;
    const bounds = from ? { least, whole } : { whole, least };
    return [name, { value, unit, help, from, oneOf, ...bounds, most }] as const;
  });
  return Object.fromEntries(told);
}

/** The backend that was asked for; of a study's own numbers if none was. */
export async function backendForStudy(
  { dtype }: Study,
  values: Values<typeof onBackend>,
  out: Output,
): Promise<Backend> {
  // An adapter that is asked for has float32 only.
  const own = values.backend === 'webgpu' ? undefined : dtype;
  const asked = values.dtype ?? own;
  const { backend, note } = await openBackend(values.backend, asked);
  if (note && asked === undefined) out.note(note);
  return backend;
}

/** Writes a result, into a folder that is made if need be. Throws FileError. */
export async function saveResult(file: string, content: string) {
  // A folder that cannot be made makes the writing fail, which tells why.
  await mkdir(path.dirname(file), { recursive: true }).catch(() => undefined);
  await put(file, content, [
    `Results cannot be written to "${file}"`,
    'give another place',
  ]);
}

/** Of several studies: which are as theory says, how many, and the time. */
export function summarise(
  what: string,
  studies: readonly { readonly name: string; readonly holds: boolean }[],
  begun: number,
  out: Output,
): void {
  const minutes = (performance.now() - begun) / 60000;
  const held = studies.filter(({ holds }) => holds).length;
  out.line(
    table(
      [what, 'as theory says'],
      studies.map(({ name, holds }) => [name, holds ? 'yes' : 'NO']),
    ),
  );
  out.line(`As theory says: ${held} of ${studies.length} ${what}s.`);
  out.line(`${studies.length} ${what}s in ${minutes.toFixed(1)} min.`);
}
