/** Recorded programs: their calls by structure, and apart their kernels' names. */

import {
  type BackendName,
  batchSizesOf,
  circuits,
  drawnNetworks,
  type How,
  measureCircuit,
  NetworkRun,
  nameOf,
  openSimulation,
  type Program,
  paramsOf,
  programsOf,
} from './adapter.ts';
import { type Case, caseOf } from './cases.ts';
import { Digest, hashed } from './hash.ts';
import { RULES, small, WAYS } from './learn.ts';

const DRAWN = 20;

const zil: How = { rule: 'zil' };
const VARIANTS: readonly (readonly [string, How])[] = [
  ...RULES,
  ...WAYS.map(([way, more]) => [`zil, ${way}`, { ...zil, ...more }] as const),
];

export function programCases(): Case[] {
  const cases: Case[] = [];
  for (const { name, make } of small) {
    for (const [variant, how] of VARIANTS) {
      const key = `${name}, ${variant}`;
      cases.push(caseOf(key, PARTS, () => ofModel(make(), how)));
    }
  }
  for (const { name } of circuits) {
    const programs = () =>
      programsOf('f32', (backend) =>
        measureCircuit(
          name,
          backend,
          () => {},
          async () => {},
        ),
      );
    const make = async () => partsOf(await programs());
    cases.push(caseOf(`circuit ${name}`, PARTS.slice(0, 2), make));
  }
  drawnNetworks(DRAWN, false).forEach(({ network, ...how }, i) => {
    const { seed, trials, ticks } = how;
    const programs = (name: BackendName) =>
      programsOf(name, (backend) =>
        hashed(async () => {
          const run = NetworkRun.open(network, { seed, trials, backend });
          await run.runTicks(ticks).finally(() => run.destroy());
          return '';
        }),
      );
    for (const name of ['f32', 'webgpu'] as const) {
      const make = async () => partsOf(await programs(name));
      cases.push(caseOf(`network ${i}, ${name}`, PARTS.slice(0, 2), make));
    }
  });
  return cases;
}

const PARTS = ['calls', 'names', 'batches', 'launches', 'bytes'];

/** Programs of a step and of steps by hand; what a step costs on the CPU. */
async function ofModel(
  graph: Parameters<typeof openSimulation>[0],
  how: How,
): Promise<Record<string, string>> {
  let cost = { launches: 0, bytes: 0 };
  const programs = await programsOf('f32', async (backend) => {
    const simulation = openSimulation(graph, how, backend);
    cost = await simulation.cost();
    simulation.destroy();
  });
  const batches = new Digest();
  for (const program of programs) {
    batches.text(...batchSizesOf(program));
    batches.text('by hand', ...batchSizesOf(program, true));
  }
  return {
    ...partsOf(programs),
    batches: batches.hex,
    launches: `${cost.launches}`,
    bytes: `${cost.bytes}`,
  };
}

function partsOf(programs: readonly Program[]): Record<string, string> {
  const calls = new Digest();
  const names = new Digest();
  for (const program of programs) {
    calls.text(structureOf(program));
    names.text(...program.calls.map(nameOf));
  }
  return { calls: calls.hex, names: names.hex };
}

/** A program without the names of its kernels; values are numbered in order. */
export function structureOf(program: Program): string {
  const digest = new Digest();
  const numbers = new Map<object, number>();
  const number = (ref: { readonly size: number }) => {
    const known = numbers.get(ref);
    if (known !== undefined) return `${known}`;
    numbers.set(ref, numbers.size);
    return `${numbers.size - 1}[${ref.size}]`;
  };
  digest.text('ticks', program.ticks);
  for (const [name, ref] of program.feeds) digest.text(name, number(ref));
  for (const [name, { before }] of program.residents) {
    digest.text(name, number(before));
  }
  for (const { ref, fill } of program.constants) {
    digest.text(number(ref)).numbers([fill]);
  }
  for (const call of program.calls) {
    const { inputs, outputs, tick, commits } = call;
    const { ints, floats } = paramsOf(call);
    digest.text('call', tick, `${commits}`);
    digest.text(...inputs.map(number), 'to', ...outputs.map(number));
    digest.numbers(ints).numbers(floats);
  }
  for (const [name, { after }] of program.residents) {
    digest.text(name, number(after));
  }
  for (const [name, ref] of program.outputs) digest.text(name, number(ref));
  for (const { kind, population, tick, ref } of program.events) {
    digest.text(kind, population, tick, number(ref));
  }
  const { calls, events } = program.dropped;
  return digest.text('dropped', calls, events).hex;
}
