/** Rows of a picture; src/figures draws each kind. Times in ms. */
export type Picture =
  | {
      readonly kind: 'raster';
      readonly title: string;
      readonly groups: readonly {
        readonly name: string;
        readonly size: number;
      }[];
      /** `neuron` counts within its group. */
      readonly spikes: readonly {
        readonly time: number;
        readonly neuron: number;
        readonly group?: number;
      }[];
      readonly duration: number;
    }
  | {
      readonly kind: 'traces';
      readonly title: string;
      readonly xLabel: string;
      readonly yLabel: string;
      readonly series: readonly {
        readonly name: string;
        readonly times: readonly number[];
        readonly values: readonly number[];
        /** Points in place of a line: what was measured, beside theory. */
        readonly points?: boolean;
        /** Strokes from 0 in place of a line: values of single ticks. */
        readonly stems?: boolean;
      }[];
    }
  | {
      readonly kind: 'space-time';
      readonly title: string;
      /** From level 0 up. */
      readonly rows: readonly string[];
      readonly columns: readonly number[];
      /** [row][column]; null where there is nothing. */
      readonly values: readonly (readonly (number | null)[])[];
      readonly quantity: string;
      readonly unit?: string;
      /** Ends of the colour scale, to compare pictures; default its own. */
      readonly domain?: readonly [number, number];
    };
