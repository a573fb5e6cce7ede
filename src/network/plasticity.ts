/** How weights of a projection change: rules that see what reaches the synapse. */

export type Plasticity =
  | {
      readonly kind: 'graded';
      /** New weight from w, pre (as it arrives), post (target's output). */
      readonly formula: string;
      readonly post?: string;
      readonly constants?: Readonly<Record<string, number>>;
    }
  | {
      readonly kind: 'stdp';
      readonly tauPlus: number;
      readonly tauMinus: number;
      readonly aPlus: number;
      readonly aMinus: number;
      readonly low: number;
      readonly high: number;
    };
