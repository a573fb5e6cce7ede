/** isochron simulate: a circuit of the shelf, held to its number. */

import { circuits } from '../../models/circuits/index.ts';
import type { Backend } from '../backends/backend.ts';
import { OptionError } from '../base/errors.ts';
import { flag, type Values } from '../base/schema.ts';
import { loadHeads } from '../data/heads.ts';
import { circuitPicture } from '../figures/circuit-drawing.ts';
import { table } from '../figures/circuit-text.ts';
import { drawFigure } from '../figures/drawing.ts';
import { circuitRows } from '../network/run/rows.ts';
import { runPieces, toldOf } from '../studies/runner.ts';
import type { CircuitRow, Shelved } from '../studies/shelf.ts';
import { named } from '../studies/study.ts';
import { numberText, verdictLines, verdictTable } from '../studies/verdict.ts';
import {
  command,
  file,
  networkBackendOf,
  onBackend,
  parameters,
  seeded,
} from './command.ts';
import { reserve, save } from './draw.ts';
import { aligned, type Output } from './output.ts';
import { described, parametersFrom, summarise } from './studies.ts';

type Parameters = Readonly<Record<string, unknown>>;

const options = {
  all: flag({ help: 'every circuit of the shelf' }),
  param: parameters('parameter of the circuit, may be repeated (see --list)'),
  plot: file(
    'draws what was measured, as SVG; further pictures as FILE-2, ...',
  ),
  draw: file('draws the circuit, as SVG'),
  list: flag({ help: 'lists the circuits and their parameters' }),
  backend: {
    ...onBackend.backend,
    ...{ otherwise: 'cpu in float64', help: 'auto takes the quicker one' },
  },
  dtype: onBackend.dtype,
  ...seeded,
};

export const simulateCommand = command({
  name: 'simulate',
  summary: 'runs a delay circuit and holds it to the number known of it',
  operands: 'NAME ...   (none: lists the circuits; --all: all of them)',
  options,
  examples: [
    'simulate echo',
    'simulate jeffress --plot jeffress.svg --draw circuit.svg',
    'simulate inhibition --param g=3 --json',
    'simulate cuba --backend cpu --dtype f64 --plot raster.svg',
  ],
  async run(context) {
    const { values, operands, out } = context;
    if (values.list || (operands.length === 0 && !values.all)) return list(out);
    const chosen = values.all
      ? circuits
      : operands.map((name) => named('circuit', circuits, name));
    if (values.all && operands.length > 0) {
      throw new OptionError(
        `Option --all and "${operands[0]}": give one of them`,
        { name: 'all', operands },
      );
    }
    const files = [values.plot, values.draw].filter(
      (file) => file !== undefined,
    );
    if (chosen.length > 1 && (files.length > 0 || values.param !== undefined)) {
      throw new OptionError(
        'Options --plot, --draw and --param are for one circuit: name one',
        { chosen: chosen.map(({ name }) => name) },
      );
    }
    const asked = chosen.map((circuit) =>
      parametersFrom(circuit, values.param),
    );
    for (const file of files) await reserve(file);
    const { seed } = values;
    const begun = performance.now();
    const run = [];
    for (const [i, circuit] of chosen.entries()) {
      if (chosen.length > 1) out.note(`simulate: ${circuit.name}`);
      if (i > 0) out.line();
      const network = () => circuit.network(asked[i]!);
      const backend = await networkBackendOf(context, network);
      try {
        const how = { backend, seed, out, values };
        const holds = await simulate(circuit, asked[i]!, how);
        run.push({ name: circuit.name, holds });
      } finally {
        backend.close();
      }
    }
    if (run.length > 1) {
      out.line();
      summarise('circuit', run, begun, out);
    }
    return run.every(({ holds }) => holds) ? 0 : 1;
  },
});

interface How {
  readonly backend: Backend;
  readonly seed: number;
  readonly out: Output;
  readonly values: Partial<Values<typeof options>>;
}

/** Runs one circuit and shows it; whether it meets its numbers. */
export async function simulate(
  circuit: Shelved,
  parameters: Parameters,
  { backend, seed, out, values }: How,
): Promise<boolean> {
  const { name, title, source, schema } = circuit;
  const rows = (await runPieces(name, circuit.pieces(parameters, [seed]), {
    ...{ backend, listener: out, heads: () => loadHeads() },
  })) as CircuitRow[];
  const { verdicts, holds } = toldOf(circuit, rows, parameters);
  const { figures = {}, cost } = rows[0]!;
  const { time, seconds, buildSeconds } = cost;
  const realTimeFactor = time > 0 ? seconds / (time / 1000) : null;
  const pictures = await savePictures(circuit, parameters, rows, values);
  out.row({
    circuit: name,
    ...{ title, source, parameters, holds, verdicts, figures },
    cost: { modelMs: time, seconds, buildSeconds, realTimeFactor },
    seed,
    backend: backend.description,
    ...(pictures.length > 0 ? { pictures } : {}),
  });
  out.line(`${name}: ${title} (${source})`);
  const set = Object.entries(parameters).map(([key, value]) => {
    const { unit } = schema.fields[key]!;
    return `${key} = ${value}${unit ? ` ${unit}` : ''}`;
  });
  if (set.length > 0) out.line(set.join(', '));
  const shown = verdictTable(verdicts);
  out.line(`\n${table(shown.head, shown.rows)}\n`);
  for (const [what, value] of Object.entries(figures)) {
    out.line(`${what}: ${numberText(value)}`);
  }
  for (const line of verdictLines(verdicts)) out.line(line);
  if (realTimeFactor !== null) {
    out.line(
      `${numberText(time)} ms of model time in ${seconds.toFixed(2)} s ` +
        `(real-time factor ${realTimeFactor.toPrecision(2)}), built in ` +
        `${buildSeconds.toFixed(2)} s.`,
    );
  }
  out.line(`Seed ${seed}, ${backend.description}.`);
  for (const file of pictures) out.line(`picture: ${file}`);
  return holds;
}

async function savePictures(
  circuit: Shelved,
  parameters: Parameters,
  rows: readonly CircuitRow[],
  { plot, draw: drawing }: How['values'],
): Promise<string[]> {
  const saved: string[] = [];
  if (plot !== undefined) {
    const figures = circuit.figures(rows, parameters);
    for (const [i, picture] of figures.entries()) {
      const file = i === 0 ? plot : numbered(plot, i + 1);
      await save(file, await drawFigure(picture));
      saved.push(file);
    }
  }
  if (drawing !== undefined) {
    const { title } = circuit;
    const rows = circuitRows(circuit.network(parameters));
    await save(drawing, await circuitPicture({ ...rows, title }));
    saved.push(drawing);
  }
  return saved;
}

/** out.svg, out-2.svg, out-3.svg. */
const numbered = (file: string, n: number) =>
  /\.[^./\\]+$/.test(file)
    ? file.replace(/(\.[^./\\]+)$/, `-${n}$1`)
    : `${file}-${n}`;

function list(out: Output): number {
  for (const { name, title, source, schema } of circuits) {
    const parameters = described(schema);
    out.row({ circuit: name, title, source, parameters });
  }
  for (const { name, title, source, schema } of circuits) {
    out.line(`${name}: ${title} (${source})`);
    const rows = Object.entries(described(schema)).map(
      ([key, { value, unit, help }]) =>
        [`--param ${key}=${value}${unit ? ` ${unit}` : ''}`, help] as const,
    );
    for (const line of aligned(rows, '    ')) out.line(line);
  }
  return 0;
}
