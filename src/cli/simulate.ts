/** isochron simulate: a circuit of the shelf, held to its number. */

import { circuits } from '../../models/circuits/index.ts';
import type { Backend } from '../backends/backend.ts';
import { OptionError } from '../base/errors.ts';
import { loadHeads } from '../data/heads.ts';
import { circuitPicture } from '../figures/circuit-drawing.ts';
import { table } from '../figures/circuit-text.ts';
import { circuitRows } from '../network/run/rows.ts';
import {
  type Outcome,
  parametersOf,
  type Shelved,
  type Verdict,
  Workbench,
} from '../studies/shelf.ts';
import {
  type Command,
  networkBackendOf,
  onBackend,
  seeded,
  seedOf,
  type Values,
} from './command.ts';
import { draw, reserve, save } from './draw.ts';
import type { Output } from './output.ts';

export const simulateCommand: Command = {
  name: 'simulate',
  summary: 'runs a delay circuit and holds it to the number known of it',
  operands: 'NAME ...   (none: lists the circuits; --all: all of them)',
  options: {
    all: { type: 'boolean', help: 'every circuit of the shelf' },
    param: {
      type: 'string',
      value: 'K=V',
      multiple: true,
      help: 'parameter of the circuit, may be repeated (see --list)',
    },
    plot: {
      type: 'string',
      value: 'FILE',
      help: 'draws what was measured, as SVG; further pictures as FILE-2, ...',
    },
    draw: { type: 'string', value: 'FILE', help: 'draws the circuit, as SVG' },
    list: { type: 'boolean', help: 'lists the circuits and their parameters' },
    backend: {
      type: 'string',
      value: 'NAME',
      help: 'webgpu, cpu, or auto, the quicker of them (cpu in float64)',
    },
    dtype: onBackend.dtype,
    ...seeded,
  },
  examples: [
    'simulate echo',
    'simulate jeffress --plot jeffress.svg --draw circuit.svg',
    'simulate inhibition --param g=3 --json',
    'simulate cuba --backend cpu --dtype f64 --plot raster.svg',
  ],
  async run({ values, operands, out }) {
    if (values.list || (operands.length === 0 && !values.all)) return list(out);
    const chosen = values.all ? circuits : operands.map(circuitByName);
    if (values.all && operands.length > 0) {
      throw new OptionError(
        `Option --all and "${operands[0]}": give one of them`,
      );
    }
    const files = [values.plot, values.draw].filter(
      (file): file is string => typeof file === 'string',
    );
    const given = paramsOf(values);
    if (
      chosen.length > 1 &&
      (files.length > 0 || Object.keys(given).length > 0)
    ) {
      throw new OptionError(
        'Options --plot, --draw and --param are for one circuit: name one',
      );
    }
    const asked = chosen.map((circuit) => parametersOf(circuit, given));
    for (const file of files) await reserve(file);
    const seed = seedOf(values);
    let holds = true;
    for (const [i, circuit] of chosen.entries()) {
      if (chosen.length > 1) out.note(`simulate: ${circuit.name}`);
      if (i > 0) out.line();
      const network = () => circuit.network(asked[i]);
      const backend = await networkBackendOf(network, values, out);
      try {
        const how = { backend, seed, out, values };
        holds = (await simulate(circuit, asked[i], how)) && holds;
      } finally {
        backend.close();
      }
    }
    return holds ? 0 : 1;
  },
};

interface How {
  readonly backend: Backend;
  readonly seed: number;
  readonly out: Output;
  readonly values: Values;
}

/** Runs one circuit and shows it; whether it meets its numbers. */
export async function simulate(
  circuit: Shelved,
  parameters: Record<string, number>,
  { backend, seed, out, values }: How,
): Promise<boolean> {
  const bench = new Workbench(backend, seed, () => loadHeads());
  bench.onProgress = ({ done, ticks, seconds, realTimeFactor }) => {
    out.progress(
      done,
      ticks,
      performance.now() - 1000 * seconds,
      `real-time factor ${realTimeFactor.toPrecision(2)}`,
      'ticks',
    );
  };
  let outcome: Outcome;
  try {
    outcome = await circuit.measure(parameters, bench);
  } finally {
    bench.close();
  }
  const { verdicts, figures = {} } = outcome;
  const holds = verdicts.every((verdict) => verdict.holds);
  const { time, seconds, buildSeconds } = bench.cost;
  const realTimeFactor = time > 0 ? seconds / (time / 1000) : null;
  const { name, title, source } = circuit;
  const pictures = await savePictures(circuit, parameters, outcome, values);
  out.row({
    circuit: name,
    title,
    source,
    parameters,
    holds,
    verdicts,
    figures,
    cost: { modelMs: time, seconds, buildSeconds, realTimeFactor },
    seed,
    backend: backend.description,
    ...(pictures.length > 0 ? { pictures } : {}),
  });
  out.line(`${name}: ${title} (${source})`);
  const set = Object.entries(parameters).map(([key, value]) => {
    const { unit } = circuit.parameters[key];
    return `${key} = ${value}${unit ? ` ${unit}` : ''}`;
  });
  if (set.length > 0) out.line(set.join(', '));
  out.line();
  out.line(
    table(
      ['', 'expected', 'measured', 'tolerance', ''],
      verdicts.map((verdict) => [
        verdict.what,
        shown(verdict.expected, verdict),
        shown(verdict.measured, verdict),
        verdict.tolerance,
        verdict.holds ? 'ok' : 'NO',
      ]),
    ),
  );
  out.line();
  for (const [what, value] of Object.entries(figures)) {
    out.line(`${what}: ${numberText(value)}`);
  }
  const failed = verdicts.filter((verdict) => !verdict.holds).length;
  out.line(
    failed === 0
      ? `All ${verdicts.length} hold.`
      : `${failed} of ${verdicts.length} do not hold.`,
  );
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
  parameters: Record<string, number>,
  outcome: Outcome,
  { plot, draw: drawing }: Values,
): Promise<string[]> {
  const saved: string[] = [];
  if (typeof plot === 'string') {
    for (const [i, picture] of outcome.pictures.entries()) {
      const file = i === 0 ? plot : numbered(plot, i + 1);
      await save(file, await draw(picture));
      saved.push(file);
    }
  }
  if (typeof drawing === 'string') {
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

function circuitByName(name: string): Shelved {
  const found = circuits.find((circuit) => circuit.name === name);
  if (found) return found;
  throw new OptionError(
    `No circuit "${name}": there are ${circuits.map((c) => c.name).join(', ')}`,
    { name },
  );
}

/** Numbers from K=V texts. */
function paramsOf(values: Values): Record<string, number> {
  const given: Record<string, number> = Object.create(null);
  for (const pair of (values.param ?? []) as string[]) {
    const at = pair.indexOf('=');
    const text = pair.slice(at + 1).trim();
    const value = text === '' ? Number.NaN : Number(text);
    if (at < 1 || !Number.isFinite(value)) {
      throw new OptionError(`Option --param ${pair}: write it as name=number`);
    }
    given[pair.slice(0, at)] = value;
  }
  return given;
}

function list(out: Output): number {
  for (const { name, title, source, parameters } of circuits) {
    out.row({ circuit: name, title, source, parameters });
  }
  for (const { name, title, source, parameters } of circuits) {
    out.line(`${name}: ${title} (${source})`);
    const rows = Object.entries(parameters);
    const left = rows.map(
      ([key, { value, unit }]) =>
        `--param ${key}=${value}${unit ? ` ${unit}` : ''}`,
    );
    const width = Math.max(0, ...left.map((text) => text.length));
    rows.forEach(([, { help }], i) => {
      out.line(`    ${left[i].padEnd(width)}  ${help}`);
    });
  }
  return 0;
}

function shown(value: number | string, { unit }: Verdict): string {
  return `${numberText(value)}${unit ? ` ${unit}` : ''}`;
}

/** Four digits behind what is not whole, but no dust. */
function numberText(value: number | string): string {
  if (typeof value === 'string' || Number.isInteger(value)) return `${value}`;
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6
    ? `${Number(value.toPrecision(5))}`
    : value.toExponential(3);
}
