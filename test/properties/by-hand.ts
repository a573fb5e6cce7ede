/** A rule driven on a circuit by hand, to disturb what must not matter. */

import { Random } from '../../src/base/random.ts';
import type { Circuit } from '../../src/circuit/circuit.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { type DelayForm, level } from '../../src/graph/level.ts';
import { type Program, Recorder } from '../../src/program/recorder.ts';
import type { CircuitRule } from '../../src/rules/rule.ts';
import { feedsOf } from '../arbitraries/index.ts';

/** Records one presentation; `disturb` is called whenever time stands still. */
export function recordByHand(
  graph: Graph,
  rule: CircuitRule,
  form: DelayForm,
  disturb: (circuit: Circuit) => void = () => {},
): Program {
  const recorder = new Recorder();
  const circuit = rule.circuit({
    levelled: level(graph, { levelling: rule.levelling, form }),
    recorder,
    clocked: false,
    probes: [],
    plasticity: (parameter, gradient) => {
      recorder.output(`gradient/${parameter.id}`, gradient);
      return null;
    },
  });
  const clamp = circuit.clamp.bind(circuit);
  circuit.clamp = () => {
    clamp();
    disturb(circuit);
  };
  for (const _ of rule.run(circuit)) disturb(circuit);
  return recorder.finish({ live: true });
}

/** Shuffles all that has arrived at each population and leaf. */
export function shuffleArrivals(seed: number): (circuit: Circuit) => void {
  const random = new Random(seed, 'arrivals');
  return ({ populations, leaves }) => {
    for (const receiver of [...populations.values(), ...leaves.values()]) {
      const arrived = [...receiver.inbox];
      const order = random.permutation(arrived.length);
      receiver.inbox = Array.from(order, (at) => arrived[at]);
    }
  };
}

/** Values of a graph's leaves, inputs and target by name. */
export function givenBy(graph: Graph): Map<string, ArrayLike<number>> {
  const given = new Map(Object.entries(feedsOf(graph)));
  for (const [id, init] of graph.inits) {
    if (init.kind === 'values') given.set(id, init.data);
  }
  return given;
}
