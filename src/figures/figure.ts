/**
 * Figures of experiments as plain data: what is drawn, not how. The report
 * draws them (drawing.ts); who makes them needs no library of pictures.
 */

import type { Domain } from './scale.ts';
import type { PictureOptions } from './sheet.ts';

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

/** A series of numbers. */
export interface Line {
  /** Its name in the legend. */
  readonly name: string;
  /** Places along the horizontal axis. */
  readonly xs: ArrayLike<number>;
  /** One a place; NaN is a gap. */
  readonly ys: ArrayLike<number>;
  /** Ends of the spread, as over seeds: a band, or error bars on points. */
  readonly lower?: ArrayLike<number>;
  readonly upper?: ArrayLike<number>;
  /** Default 'line'; stems are upright strokes from 0. */
  readonly style?: 'line' | 'points' | 'stems';
  /** Values behind the line, where they are not one a place. */
  readonly count?: number;
}

/** A remark: a line across the picture, or a ring around a point. */
export interface Mark {
  /** A line down the picture; with y too, a point. */
  readonly x?: number;
  /** A line across the picture. */
  readonly y?: number;
  /** Words beside it. */
  readonly label: string;
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
  /**
   * What the colours mean; with `log`, exact zeros are marked by themselves.
   * Ends of the colours, to compare pictures: by default least and greatest.
   */
  readonly scale: AxisText & { readonly domain?: Domain };
  /** Lines of equal value are drawn too. */
  readonly contours?: boolean;
}

/**
 * Bars, in groups of several series: groups from above, bars to the right. The
 * label of x is of the groups, that of y of the values.
 */
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

/** A figure as it is drawn: with a size, and a file or none. */
export type Pictured<F extends Figure> = Omit<F, 'kind' | 'name' | 'caption'> &
  PictureOptions;
