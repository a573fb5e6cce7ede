/** What a network made of a NIR graph remembers of it, for the way back. */

import type { Network, Population, Projection } from '../network/network.ts';
import type { FlatNode } from './flat.ts';
import type { NirMetadata } from './graph.ts';

/** The node that became a population. */
export const origins = new WeakMap<Population, FlatNode>();

/**
 * Projections that are edges of a NIR graph, whose synapses are the map of
 * the node they lead to, with the ticks that were put on to close a loop.
 */
export const added = new WeakMap<Projection, number>();

export const metadataOf = new WeakMap<Network, NirMetadata>();
