/** Pictures of graphs by levels: before, and with their delays. */

import type { GraphFigure } from '../../figures/figure.ts';
import { delayCost, level } from '../../graph/level.ts';
import type { Vertex } from '../../graph/vertex.ts';
import { type Drawn, VARIANTS, type Variant } from './levelling-graphs.ts';

export function figuresOf(of: Drawn): GraphFigure[] {
  const { title } = of;
  const least = delayCost(level(of.graph, { levelling: 'least-delay' }));
  const longest = delayCost(level(of.graph));
  const figures = [
    figureOf(of, VARIANTS[0]!, {
      ending: 'before',
      title: `Before: ${title}`,
      caption:
        'Columns are levels, the longest way to the output in edges. Look for edges ' +
        'that skip columns: an error takes one step an edge whatever its length, so ' +
        'along them it comes too early to meet the others.',
    }),
    figureOf(of, VARIANTS[2]!, {
      ending: 'explicit',
      title: `With identity vertices: ${title}`,
      caption:
        'Every edge leads to the next column: all errors of a vertex arrive at once. ' +
        'The dashed vertices do nothing but pass on what comes, a step later.',
    }),
    figureOf(of, VARIANTS[1]!, {
      ending: 'axonal',
      title: `With delays on axons: ${title}`,
      caption:
        'The same circuit without populations that only wait: a number on an edge is ' +
        'how many steps its axon takes more than one, both ways.',
    }),
  ];
  if (least.elements < longest.elements) {
    figures.push(
      figureOf(of, VARIANTS[3]!, {
        ending: 'least-delay',
        title: `With the least delay memory: ${title}`,
        caption:
          `As many levels, but ${least.elements} numbers wait in place of ` +
          `${longest.elements}: vertices with room to move are drawn to where less ` +
          'is delayed. Compare the columns of the vertices with the picture before.',
      }),
    );
  }
  return figures;
}

function figureOf(
  { name, graph, labels }: Drawn,
  variant: Variant,
  of: { ending: string; title: string; caption: string },
): GraphFigure {
  const levelled = level(graph, variant);
  const own = new Set(graph.vertices.map(({ id }) => id));
  const shown = levelled.vertices.filter(({ id }) => labels[id] !== '');
  const ids = new Set(shown.map(({ id }) => id));
  const roleOf = ({ id, op }: Vertex) => {
    if (!own.has(id)) return 'identity' as const;
    if (id === graph.output.id) return 'output' as const;
    if (op === 'input') return 'input' as const;
    return op === 'param' ? ('parameter' as const) : ('vertex' as const);
  };
  return {
    kind: 'graph',
    name: `levelling-${name}-${of.ending}`,
    title: of.title,
    caption: of.caption,
    vertices: shown.map((vertex) => ({
      id: vertex.id,
      label: own.has(vertex.id) ? (labels[vertex.id] ?? vertex.id) : 'id',
      role: roleOf(vertex),
      level: levelled.levels.get(vertex)!,
    })),
    edges: levelled.axons
      .filter(({ from, to }) => ids.has(from.id) && ids.has(to.id))
      .map(({ from, to, delay }) => ({ from: from.id, to: to.id, delay })),
  };
}
