import { type Graph, GraphBuilder } from '../src/graph/graph.ts';

/**
 * Millidge 2020, section 2.1: v_L = tan(sqrt(theta v0)) + sin(v0^2) with
 * v0 = 5, theta = 2 and target T = 3, loss 1/2 (v_L - T)^2. Both v0 and theta
 * are plastic, so that both gradients can be read.
 */
export function tanSqrtSin({
  paper = false,
}: {
  /** One vertex for tan + sin, as in the paper's Figure 2. Default false. */
  readonly paper?: boolean;
} = {}): Graph {
  const g = new GraphBuilder();
  const v0 = g.param('v0', [1], [5]);
  const theta = g.param('theta', [1], [2]);
  const v1 = theta.mul(v0).named('v1');
  const v2 = v1.sqrt().named('v2');
  const v3 = v0.square().named('v3');
  const vL = paper
    ? g.composite([v2, v3], (a, b) => a.tan().add(b.sin()), 'vL')
    : v2.tan().named('v4').add(v3.sin().named('v5')).named('vL');
  return g.output(vL, 'half_sse', { target: [3] });
}

/**
 * Salvatori 2022, Eq. 10-13: G = s z3 + s z3 z2 z1, a skip connection around
 * two vertices.
 */
export function skip({
  paper = false,
}: {
  /** One vertex for z1 b + a, as in the paper's Figure 3. Default false. */
  readonly paper?: boolean;
} = {}): Graph {
  const g = new GraphBuilder();
  const s = g.input('s', [1], [1.6]);
  const z1 = g.param('z1', [1], [0.7]);
  const z2 = g.param('z2', [1], [-1.3]);
  const z3 = g.param('z3', [1], [0.9]);
  const a = s.mul(z3).named('a');
  const b = z2.mul(a).named('b');
  const out = paper
    ? g.composite([z1, b, a], (z1, b, a) => z1.mul(b).add(a), 'out')
    : z1.mul(b).named('m').add(a).named('out');
  return g.output(out, 'half_sse', { target: [0.4] });
}
