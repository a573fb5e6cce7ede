import { Schema } from '../base/schema.ts';
import { lossDivisor } from '../graph/graph.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { Ref } from '../kernels/kernel.ts';
import type { Operand } from '../ops/op.ts';
import { lossByName, opByName } from '../ops/table.ts';
import type { Rule, RuleEntry } from './rule.ts';

const bpOptions = new Schema('bp', {});

/**
 * Backpropagation, the yardstick of all other rules, by reverse differentiation
 * on a tape, one vertex after another: each has an instant of its own, forward
 * and back, where a circuit has one for all populations of a level. Independent
 * of circuits: it shares with them only each op's vector-Jacobian product.
 * Consumers are visited in the canonical order (ascending level, descending
 * topological index, slot), which is a valid order for the reverse pass. It has
 * no options; OptionError for any.
 */
export function bp(options: Record<string, never> = {}): Rule {
  return {
    name: 'bp',
    exact: true,
    levelling: 'longest-path',
    options: bpOptions.read(options),
    sigma: 0,
    hasCircuit: false,
    learnsPrecisions: false,
    record({ levelled, recorder, plasticity, onForward }) {
      const { graph, vertices, axons } = levelled;
      const { emit } = recorder;

      // Forward, on the tape of all vertices.
      const tape = new Map<Vertex, Operand>();
      const operands = (vertex: Vertex) =>
        vertex.inputs.map((input) => tape.get(input) as Operand);
      for (const vertex of vertices) {
        const { id, op, size, shape, attrs } = vertex;
        if (!vertex.isLeaf) recorder.tick += 1;
        const ref =
          op === 'input'
            ? recorder.feed(id, size)
            : op === 'param'
              ? recorder.resident(id, size)
              : opByName.get(op)!.forward(emit, operands(vertex), attrs, shape);
        tape.set(vertex, { ref, shape });
      }

      // Reverse: dL/dmu of every vertex, summed as it comes.
      const { output, loss } = graph;
      const target = recorder.feed('target', output.size);
      const divisor = lossDivisor(graph);
      const gradients = new Map<Vertex, Ref>();
      const mu = (tape.get(output) as Operand).ref;
      onForward?.(mu, target);
      const lossOp = lossByName.get(loss.kind)!;
      gradients.set(
        output,
        lossOp.error(emit, mu, target, output.shape, divisor),
      );
      let last = output;
      for (const { from, to, slot } of axons) {
        const eps = gradients.get(to);
        if (from.op === 'input' || !eps) continue;
        if (to !== last) recorder.tick += 1;
        last = to;
        const gradient = opByName.get(to.op)!.vjp(emit, {
          inputs: operands(to),
          output: tape.get(to) as Operand,
          attrs: to.attrs,
          slot,
          eps,
          base: gradients.get(from) ?? null,
        });
        gradients.set(from, gradient);
      }
      for (const vertex of vertices) {
        const gradient = gradients.get(vertex);
        if (vertex.op === 'param' && gradient) plasticity(vertex, gradient);
      }
    },
  };
}

export const bpEntry: RuleEntry = {
  name: 'bp',
  title: 'backpropagation on a tape, the yardstick',
  options: bpOptions,
  make: bp,
};
