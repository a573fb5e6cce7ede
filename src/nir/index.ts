/** `isochron/nir`: NIR files in and out, and networks of them. */

export { readNir, writeNir } from './file.ts';
export { networkToNir, type ToNirOptions } from './from-network.ts';
export type { NirGraph, NirNode } from './graph.ts';
export { type FromNirOptions, networkFromNir } from './to-network.ts';
