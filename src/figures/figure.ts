/**
 * Figures of experiments as plain data: what is drawn, not how. The report
 * draws them (drawing.ts); who makes them needs no library of pictures.
 */

import type { Line } from './lines.ts';
import type { Mark } from './marks.ts';

interface Titled {
  /** Name of its file, without the ending. */
  readonly name: string;
  readonly title: string;
  readonly subtitle?: string;
  /** Sentences under the picture: what is seen, and what to look for. */
  readonly caption: string;
}

export interface AxisText {
  /** With the unit in brackets, if it has one. */
  readonly label: string;
  readonly log?: boolean;
}

/** Curves over a common axis. */
export interface LinesFigure extends Titled {
  readonly kind: 'lines';
  readonly lines: readonly Line[];
  readonly x: AxisText;
  readonly y: AxisText & { readonly fromZero?: boolean };
  readonly marks?: readonly Mark[];
}

/**
 * A field of numbers over two axes of named or numbered places, which are all
 * equally wide. Rows of numbers go upwards as an axis does; rows of names
 * downwards as in a table.
 */
export interface HeatFigure extends Titled {
  readonly kind: 'heat';
  readonly x: AxisText & { readonly places: readonly (string | number)[] };
  readonly y: AxisText & { readonly places: readonly (string | number)[] };
  /** values[row of y][column of x]; null: nothing there. */
  readonly values: readonly (readonly (number | null)[])[];
  /** What the colours mean; with `log`, exact zeros are marked by themselves. */
  readonly scale: AxisText;
  /** Lines of equal value are drawn too. */
  readonly contours?: boolean;
}

/** Bars, in groups of several series. */
export interface BarsFigure extends Titled {
  readonly kind: 'bars';
  readonly groups: readonly string[];
  readonly series: readonly {
    readonly name: string;
    /** One a group; null: none. */
    readonly values: readonly (number | null)[];
    /** Ends of the error bars, as the spread over seeds; both or neither. */
    readonly lower?: readonly (number | null)[];
    readonly upper?: readonly (number | null)[];
  }[];
  readonly x: AxisText;
  readonly y: AxisText;
}

/**
 * A graph by levels: vertices in columns, level 0 at the right; edges;
 * identity vertices marked.
 */
export interface GraphFigure extends Titled {
  readonly kind: 'graph';
  readonly vertices: readonly {
    readonly id: string;
    readonly label: string;
    readonly role: 'input' | 'parameter' | 'vertex' | 'identity' | 'output';
    readonly level: number;
  }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    /** Steps that it delays; 0 is none. */
    readonly delay: number;
  }[];
}

export type Figure = LinesFigure | HeatFigure | BarsFigure | GraphFigure;
