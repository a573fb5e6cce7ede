/** Figures of the landscape: losses as a field. */

import type { Figure } from '../../figures/figure.ts';
import type { LandscapeRow } from './landscape.ts';

/** The plane of a row; `most`: the greatest loss of all pictures. */
export function landscapeFigure(row: LandscapeRow, most: number): Figure {
  const { model, rule, places, losses, data, seed } = row;
  const n = places.length;
  const named = places.map((place) => Number(place.toFixed(3)));
  return {
    kind: 'heat',
    name: `landscape-${model === 'linear' ? 'linear' : rule}`,
    title:
      model === 'linear'
        ? 'Loss around the weights of one linear layer'
        : `Loss around the weights that ${rule} has learned`,
    subtitle: `seed ${seed}; ${data}`,
    caption:
      (model === 'linear'
        ? 'A quadratic function, so contours are ellipses around one place; it is known ' +
          'in closed form and agrees. '
        : 'The trained weights are in the middle. Look for how round the valley is and how ' +
          'soon the loss rises, and compare it with the other rules, whose directions ' +
          'differ in the lengths of their filters only. ') +
      'Colours are of each picture by itself; the greatest loss of all pictures is ' +
      `${most.toPrecision(3)}. Lines join places of equal loss.`,
    x: { label: 'steps along the first direction', places: named },
    y: { label: 'steps along the second direction', places: named },
    values: places.map((_, i) => losses.slice(i * n, (i + 1) * n)),
    scale: {
      label: 'mean loss of a training image',
      log: Math.max(...losses) > 100 * Math.min(...losses),
    },
    contours: true,
  };
}
