/** Pictures of circuits, from their rows. */

import { writeFile } from 'node:fs/promises';
import { FileError, messageOf } from '../errors.ts';
import type { Network } from '../network/network.ts';
import type { Picture } from '../network/shelf.ts';
import {
  type Delays,
  makeSynapses,
  type Synapses,
} from '../network/synapses.ts';
import { delayRange } from '../network/tables.ts';
import { shortest, ticksOf } from '../network/time.ts';
import { rasterPicture } from '../report/raster.ts';
import { spaceTimePicture } from '../report/space-time.ts';
import { tracesPicture } from '../report/traces.ts';

/** SVG of a picture. */
export async function draw(picture: Picture): Promise<string> {
  switch (picture.kind) {
    case 'raster': {
      const { groups, spikes } = picture;
      return rasterPicture({
        ...picture,
        spikes: spikes.map(({ time, neuron, group = 0 }) => ({
          time,
          neuron,
          group: groups[group].name,
        })),
      });
    }
    case 'traces':
      return tracesPicture({
        ...picture,
        series: picture.series.map(({ points, ...rest }) => ({
          ...rest,
          style: points ? ('points' as const) : ('line' as const),
        })),
      });
    case 'space-time':
      return spaceTimePicture(picture);
  }
}

/** Rows of a network for the drawing of a circuit: who is joined, how late. */
export function circuitRows(network: Network) {
  const { dt } = network;
  return {
    populations: network.populations.map((population) => {
      const { name, size, source, spiking, model, options } = population;
      const pair = Object.hasOwn(model.state, 'eps');
      const kind = source
        ? ('source' as const)
        : pair
          ? ('value-error' as const)
          : spiking
            ? ('spiking' as const)
            : ('graded' as const);
      const { level } = options;
      return {
        id: name,
        size,
        kind,
        ...(level === undefined ? {} : { level }),
      };
    }),
    axons: network.projections.map(({ from, to, weight, port, ...rest }) => ({
      from: from.name,
      to: to.name,
      delay: delayText(rest.delay, dt, (delay) =>
        makeSynapses({
          name: rest.name,
          sources: from.size,
          targets: to.size,
          pattern: rest.pattern!,
          weight,
          delay,
          round: rest.round ?? false,
          dt,
          seed: 0,
        }),
      ),
      sign: signOf(weight),
      ...(to.model.ports.length > 1 ? { label: port } : {}),
    })),
  };
}

/** A delay, or the range of several, in ms; null for none. */
function delayText(
  delay: Delays,
  dt: number,
  made: (delay: Delays) => Synapses,
): string | null {
  if (typeof delay === 'number') {
    const ms = shortest(ticksOf('Delay', delay, dt, { round: true }) * dt);
    return ms === 0 ? null : `${ms} ms`;
  }
  if (typeof delay === 'object' && 'uniform' in delay) {
    const [low, high] = delay.uniform;
    return `${low} to ${high} ms`;
  }
  if (typeof delay === 'object' && 'normal' in delay) {
    const [mean, std] = delay.normal;
    return `${mean} +- ${std} ms`;
  }
  const range = delayRange(made(delay));
  if (!range) return null;
  const [a, b] = [shortest(range.least * dt), shortest(range.most * dt)];
  return a === b ? (a === 0 ? null : `${a} ms`) : `${a} to ${b} ms`;
}

function signOf(weight: unknown): 1 | -1 | 0 {
  if (weight === undefined) return 1;
  return typeof weight === 'number' ? (weight < 0 ? -1 : 1) : 0;
}

/** Checks that a picture's file can be written, before anything is computed. */
export async function reserve(file: string): Promise<void> {
  await put(file, '', 'a');
}

export async function save(file: string, svg: string): Promise<void> {
  await put(file, svg, 'w');
}

async function put(file: string, text: string, flag: string): Promise<void> {
  try {
    await writeFile(file, text, { flag });
  } catch (error) {
    throw new FileError(
      `Picture ${file} cannot be written (${messageOf(error)}): give a file ` +
        'in a folder that is there and has room',
      { file },
    );
  }
}
