/**
 * fast-check arbitraries of computation graphs, for property tests of
 * learning rules: `isochron/testing`. fast-check is yours to install.
 *
 *     fc.assert(fc.asyncProperty(graphs(), async (graph) => {
 *       const run = Simulation.open(graph, { rule: mine, backend });
 *       await run.step(feedsOf(graph));
 *       ...
 *     }));
 */

export {
  allOps,
  describeGraph,
  feedsOf,
  type GraphOptions,
  graphs,
  smoothOps,
  totalOps,
} from './graphs.ts';
export { exactOps, greatestNumber, integerGraphs } from './integer-graphs.ts';
