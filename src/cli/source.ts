/** Where a graph comes from: a model's name, or a JSON file. */

import { readFile } from 'node:fs/promises';
import { models } from '../../models/index.ts';
import { FileError, messageOf } from '../base/errors.ts';
import { parseJson } from '../graph/json.ts';
import { type CheckCase, caseFromJson } from '../proof/check.ts';

/** Loads a case by the name of a model or the path of a file. */
export async function loadCase(source: string): Promise<CheckCase> {
  const model = models.find(({ name }) => name === source);
  if (model) return { name: model.name, graph: model.make() };
  let content: string;
  try {
    content = await readFile(source, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : `it cannot be read as a file: ${messageOf(error)}`;
    throw new FileError(
      `"${source}" is no model (${models.map((m) => m.name).join(', ')}) and ${why}`,
      { source },
    );
  }
  return caseFromJson(parseJson(content, source), source);
}
