/** isochron nir: a NIR file, as a network that can be run. */

import { readFile } from 'node:fs/promises';
import { CpuBackend } from '../backends/cpu/cpu.ts';
import { FileError, messageOf, OptionError } from '../base/errors.ts';
import { flag, number, oneOf } from '../base/schema.ts';
import { shapeText } from '../base/tensor.ts';
import { circuitPicture } from '../figures/circuit-drawing.ts';
import { circuitRows } from '../network/run/rows.ts';
import { NetworkRun } from '../network/run/run.ts';
import { shortest } from '../network/time.ts';
import { readNir, writeNir } from '../nir/file.ts';
import { networkToNir } from '../nir/from-network.ts';
import { networkFromNir } from '../nir/to-network.ts';
import {
  command,
  file as fileOption,
  networkBackendOf,
  onBackend,
  unexpected,
} from './command.ts';
import { reserve, save } from './draw.ts';
import { nodeRows, parameterText, rangeOf, rangeText } from './nir-rows.ts';
import { type Output, put, tableOf } from './output.ts';

const ms = { above: 0, unit: 'ms', placeholder: 'MS' } as const;

export const nirCommand = command({
  name: 'nir',
  summary: 'reads a NIR file, shows what it becomes here, and runs it',
  operands: 'FILE',
  options: {
    dt: number({ ...ms, default: 1, help: 'length of a tick in ms' }),
    round: flag({
      help: 'delays that are no multiples of dt go to the nearest tick',
    }),
    'close-loops': flag({
      help: 'puts one dt on edges that close loops without delay',
    }),
    lenient: flag({
      help: 'warns of what is wrong in the file where that can be mended',
    }),
    run: number({ ...ms, optional: true, help: 'runs it for so long' }),
    input: oneOf(['impulse', 'zeros'], {
      ...{ default: 'impulse', placeholder: 'KIND' },
      help: '1 at every Input in the first tick, or zeros',
    }),
    write: fileOption('writes the network back as a NIR file'),
    draw: fileOption('draws the network, as SVG'),
    ...onBackend,
  },
  examples: [
    'nir model.nir',
    'nir model.nir --dt 0.1 --run 100 --json',
    'nir model.nir --close-loops --write delayed.nir --draw circuit.svg',
  ],
  async run(context) {
    const { values, operands, out } = context;
    const [file, more] = operands;
    if (more !== undefined) throw unexpected(more, 'give one NIR file');
    if (file === undefined) {
      throw new OptionError('No file: give the path of a NIR file', {
        operands,
      });
    }
    const { dt, run: ms, input, draw: picture = null } = values;
    const { write: written = null } = values;
    if (picture !== null) await reserve(picture);
    const warnings: string[] = [];
    const onWarning = (text: string) => {
      warnings.push(text);
      out.warn(`${file}: ${text}`);
    };
    const { graph, version } = await readNir(await bytesOf(file), {
      strict: !values.lenient,
      onWarning,
    });
    const nodes = nodeRows(graph);
    out.row({ file, version, nodes, edges: graph.edges });
    const count = `${nodes.length} nodes, ${graph.edges.length} edges`;
    out.line(`${file}: NIR ${version ?? 'without a version'}, ${count}`);
    out.line();
    out.line(
      tableOf(nodes, {
        node: 'node',
        type: 'type',
        takes: ({ input }) => (input ? shapeText(input) : '?'),
        gives: ({ output }) => (output ? shapeText(output) : '?'),
        parameters: ({ parameters }) =>
          parameters.map(parameterText).join(', '),
      }),
    );

    const given = input === 'zeros' ? () => 0 : impulse;
    const inputs = Object.fromEntries(
      [...graph.nodes].flatMap(([name, { type }]) =>
        type === 'Input' ? [[name, { values: given }]] : [],
      ),
    );
    const network = networkFromNir(graph, {
      dt,
      inputs,
      round: values.round,
      closeLoops: values['close-loops'],
      onWarning,
    });
    if (written !== null) {
      await put(written, await writeNir(networkToNir(network)), [
        `NIR file ${written} cannot be written`,
        'give a file in a folder that is there and has room',
      ]);
    }
    if (picture !== null) {
      const rows = circuitRows(network);
      await save(picture, await circuitPicture({ ...rows, title: file }));
    }
    const backend =
      ms === undefined
        ? new CpuBackend('f64')
        : await networkBackendOf(context, () => network);
    try {
      const run = NetworkRun.open(network, { backend });
      show(run, { file, warnings, written, picture }, out);
      if (ms !== undefined) await runFor(run, ms, { file, input }, out);
      run.destroy();
    } finally {
      backend.close();
    }
    if (written !== null) out.line(`\nwritten: ${written}`);
    if (picture !== null) out.line(`\npicture: ${picture}`);
    return 0;
  },
});

const impulse = (time: number) => (time === 0 ? 1 : 0);

/** What the nodes became, and the window. */
function show(
  run: NetworkRun,
  about: Readonly<Record<string, unknown>>,
  out: Output,
): void {
  const { network, window } = run;
  const { dt } = network;
  const populations = network.populations.map(
    ({ name, size, model, source, spiking }) => ({
      population: name,
      model: source ? `source (${source.kind})` : model.name,
      size,
      sends: spiking ? 'spikes' : 'values',
    }),
  );
  const projections = network.projections.map(({ name, from, to, output }) => {
    const { pre, delay } = run.synapses(name);
    const range = rangeOf(delay).map((ticks) => shortest(ticks * dt));
    return {
      from: from.name,
      to: to.name,
      sends: output === 'spikes' ? 'spikes' : 'values',
      synapses: pre.length,
      delayMs: pre.length === 0 ? null : range,
    };
  });
  out.row({ ...about, dtMs: dt, populations, projections, window });
  out.line();
  out.line(
    tableOf(populations, {
      ...{ population: 'population', size: 'size', model: 'model' },
      sends: 'sends',
    }),
  );
  out.line();
  out.line(
    tableOf(projections, {
      ...{ from: 'from', to: 'to', sends: 'sends', synapses: 'synapses' },
      delay: ({ delayMs }) =>
        delayMs && delayMs[1]! > 0
          ? `${rangeText(delayMs[0]!, delayMs[1]!)} ms`
          : '',
    }),
  );
  out.line();
  const { ticks, because } = window;
  out.line(
    `dt = ${dt} ms; a window has ${ticks} tick${ticks > 1 ? 's' : ''}: ${because}.`,
  );
}

/** Runs it and shows what its populations did. */
async function runFor(
  run: NetworkRun,
  ms: number,
  { file, input }: { file: string; input: string },
  out: Output,
): Promise<void> {
  const counts = new Map<string, number>();
  const finals = new Map<string, readonly number[]>();
  const known = run.network.populations.filter(({ source }) => !source);
  for (const { name, spiking, outputs } of known) {
    if (spiking) {
      counts.set(name, 0);
      run.spikes$(name).subscribe(({ neurons }) => {
        counts.set(name, (counts.get(name) ?? 0) + neurons.length);
      });
    } else {
      run.state$(name, outputs[0]!).subscribe(({ data }) => {
        finals.set(name, [...data]);
      });
    }
  }
  run.progress$.subscribe(({ done, ticks, seconds, realTimeFactor }) => {
    out.progress(
      done,
      ticks,
      performance.now() - 1000 * seconds,
      `real-time factor ${realTimeFactor.toPrecision(2)}`,
      'ticks',
    );
  });
  const report = await run.run(ms);
  const { seconds, realTimeFactor, ticks } = report;
  const results = known.map(({ name, spiking }) =>
    spiking
      ? { population: name, spikes: counts.get(name) ?? 0 }
      : { population: name, final: finals.get(name) ?? [] },
  );
  out.row({
    ...{ file, input, ranMs: ms, ticks, results },
    ...{ seconds, realTimeFactor, backend: run.backend.description },
  });
  out.line();
  out.line(
    tableOf(results, {
      population: 'population',
      spikes: ({ spikes = '' }) => `${spikes}`,
      'final value': ({ final }) => (final ? rangeText(...rangeOf(final)) : ''),
    }),
  );
  out.line();
  out.line(
    `${ms} ms of model time (${ticks} ticks, ${input} at the inputs) in ` +
      `${seconds.toFixed(2)} s: real-time factor ` +
      `${realTimeFactor.toPrecision(2)}, ${run.backend.description}.`,
  );
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new FileError(
      `NIR file ${file} cannot be read (${messageOf(error)}): give the path ` +
        'of a file',
      { file },
    );
  }
}
