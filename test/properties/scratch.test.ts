import { test } from 'vitest';
import fc from 'fast-check';
import { graphs, integerGraphs, describeGraph } from '../arbitraries/index.ts';
import { level } from '../../src/level.ts';
test("s", () => {
for (const [n, a] of [['real', graphs()], ['join', graphs({join:true})], ['int', integerGraphs({join:true})]] as const) {
  const t = performance.now();
  const gs = fc.sample(a, 1000);
  const ms = performance.now()-t;
  let K=0, skip=0, dropped=0, params=0, verts=0, multi=0; const ops: Record<string,number>={}; const ks:Record<number,number>={};
  for (const g of gs) { const l = level(g); K+=l.depth; ks[l.depth]=(ks[l.depth]??0)+1; skip += l.axons.some(x=>x.delay>0)?1:0; dropped+= l.dropped.length?1:0; verts+=l.vertices.length; params+=l.vertices.filter(v=>v.op==='param').length;
   for (const v of l.vertices) ops[v.op]=(ops[v.op]??0)+1; }
  console.log(n, ms|0,'ms', {K:K/1000, skip, dropped, verts:verts/1000, params:params/1000}, ops, ks);
}
console.log(describeGraph(fc.sample(graphs(),1)[0]));
});
