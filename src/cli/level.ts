/** isochron level: levels, axons and delays of a model or a JSON graph. */

import { oneOf } from '../base/schema.ts';
import {
  type CircuitRows,
  circuitDot,
  circuitMermaid,
  circuitTable,
  FORMATS,
} from '../figures/circuit-text.ts';
import {
  delayCost,
  droppedWarning,
  type Levelled,
  level,
  levelling,
} from '../graph/level.ts';
import { command, inForm } from './command.ts';
import { loadCase } from './source.ts';

export const levelCommand = command({
  name: 'level',
  summary: 'shows levels, axons and delays of a model or a JSON graph',
  operands: '[MODEL|FILE ...]   (default: skip)',
  options: {
    levelling,
    ...inForm,
    format: oneOf(FORMATS, {
      ...{ default: 'table', placeholder: 'F', help: 'how it is written' },
    }),
  },
  examples: [
    'level skip',
    'level skip --form explicit --format dot | dot -Tsvg > skip.svg',
    'level graph.json --levelling least-delay',
  ],
  async run({ values, operands, out }) {
    const { levelling, form, format } = values;
    for (const source of operands.length > 0 ? operands : ['skip']) {
      const { name, graph } = await loadCase(source);
      const levelled = level(graph, { levelling, form });
      const warning = droppedWarning(level(graph, { levelling }));
      if (warning) out.warn(`${name}: ${warning}`);
      out.row({
        case: name,
        levelling,
        form,
        ...summary(levelled),
        ...rowsOf(levelled),
      });
      if (format === 'dot') out.line(circuitDot(rowsOf(levelled)));
      else if (format === 'mermaid') out.line(circuitMermaid(rowsOf(levelled)));
      else {
        out.line(`${name}: ${describe(levelled)}`);
        out.line();
        out.line(circuitTable(rowsOf(levelled)));
      }
    }
    return 0;
  },
});

export function summary(levelled: Levelled) {
  const populations = levelled.vertices.filter((v) => !v.isLeaf).length;
  const { steps, elements } = delayCost(levelled);
  return {
    levels: levelled.depth,
    populations,
    parameters: levelled.vertices.filter((v) => v.op === 'param').length,
    axonCount: levelled.axons.length,
    delayedAxons: levelled.axons.filter(({ delay }) => delay > 0).length,
    delaySteps: steps,
    delayElements: elements,
  };
}

/** A levelled graph in one line. */
export function describe(levelled: Levelled): string {
  const s = summary(levelled);
  const delayed =
    s.delayedAxons > 0
      ? `, ${s.delayedAxons} of them delayed by ${s.delaySteps} steps in all`
      : '';
  return (
    `K = ${s.levels} (levels 0 to ${s.levels}), ${s.populations} populations, ` +
    `${s.parameters} parameters, ${s.axonCount} axons${delayed}`
  );
}

export function rowsOf(levelled: Levelled): CircuitRows {
  return {
    vertices: levelled.vertices.map((vertex) => ({
      id: vertex.id,
      op: vertex.op,
      shape: vertex.shape,
      level: levelled.levels.get(vertex) as number,
    })),
    axons: levelled.axons.map(({ from, to, slot, delay }) => ({
      from: from.id,
      to: to.id,
      slot,
      delay,
    })),
  };
}
