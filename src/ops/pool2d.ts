/**
 * maxpool2d and avgpool2d over square windows of x [B, C, H, W], as PyTorch's:
 * the padding never wins a maximum and counts as 0 in a mean. Of equal
 * elements the first in a window, row by row, gets the whole error.
 */

import { type Shape, shapeText } from '../tensor.ts';
import {
  type CpuForm,
  elementKernel,
  finishing,
  type Kernel,
  rounding,
} from './kernel.ts';
import { type Attrs, countAttr, type Op, ShapeProblem } from './op.ts';

type Part = 'max' | 'max-message' | 'mean' | 'mean-message';

const binding = (at: number, name: string, access = 'read') =>
  `@group(0) @binding(${at}) var<storage, ${access}> ${name}: array<f32>;\n`;
const pixels = 'params.planes * params.height * params.width';
const positions = 'params.planes * params.oh * params.ow';

/** What each part reads, of how many elements it makes what, and how. */
const parts: Record<
  Part,
  { reads: string[]; count: string; value: string; files: string[] }
> = {
  max: {
    reads: ['x'],
    count: positions,
    value: 'most(i)',
    files: ['pool2d-max'],
  },
  'max-message': {
    reads: ['x', 'y', 'eps'],
    count: pixels,
    value: 'message(i)',
    files: ['pool2d-max', 'pool2d-max-message'],
  },
  mean: {
    reads: ['x'],
    count: positions,
    value: 'mean(i)',
    files: ['pool2d-mean'],
  },
  'mean-message': {
    reads: ['x'],
    count: pixels,
    value: 'mean_message(i)',
    files: ['pool2d-mean'],
  },
};

function poolKernel(part: Part, add: boolean): Kernel {
  const { reads, count, value, files } = parts[part];
  const bindings = [
    ...reads.map((name, i) => binding(i + 1, name)),
    binding(reads.length + 1, 'out', 'read_write'),
  ];
  const kernel = elementKernel({
    name: `pool2d-${part}${add ? ':add' : ''}`,
    file: 'pool2d',
    words: { ...finishing(add), COUNT: count, VALUE: value },
    inPlace: add ? reads.length : undefined,
    cpu: (single) => poolForm(part, add, single),
  });
  return {
    ...kernel,
    gpu: {
      ...kernel.gpu,
      files: [...kernel.gpu.files, ...files],
      code: (traits, file) =>
        kernel.gpu
          .code(traits, file)
          .replace('BINDINGS', bindings.join(''))
          .replace('MORE', files.map(file).join('\n')),
    },
  };
}

/** Twin of kernels/pool2d*.wgsl. */
function poolForm(part: Part, add: boolean, single: boolean): CpuForm {
  const round = rounding(single);
  return (inputs, [out], ints) => {
    const [planes, height, width, oh, ow, size, stride, padding] = ints;
    const [x, , eps] = inputs;
    /** Calls `visit` with the places of a window's elements, row by row. */
    const window = (o: number, visit: (at: number) => void) => {
      const plane = Math.floor(o / (oh * ow));
      const y0 = Math.floor((o % (oh * ow)) / ow) * stride - padding;
      const x0 = (o % ow) * stride - padding;
      for (let y = Math.max(y0, 0); y < Math.min(y0 + size, height); y++) {
        for (let c = Math.max(x0, 0); c < Math.min(x0 + size, width); c++) {
          visit((plane * height + y) * width + c);
        }
      }
    };
    const most = (o: number) => {
      let best = -1;
      window(o, (at) => {
        const wins =
          x[at] > x[best] || (Number.isNaN(x[at]) && !Number.isNaN(x[best]));
        if (best < 0 || wins) best = at;
      });
      return best;
    };
    const store = (i: number, value: number) => {
      out[i] = add ? round(out[i] + value) : value;
    };
    if (part === 'max' || part === 'mean') {
      for (let o = 0; o < planes * oh * ow; o++) {
        let sum = 0;
        if (part === 'max') sum = x[most(o)];
        else {
          window(o, (at) => {
            sum = round(sum + x[at]);
          });
          sum = round(sum / (size * size));
        }
        store(o, sum);
      }
      return;
    }
    // Windows ascend, so each element's sum takes them in the GPU's order.
    const sums = new Float64Array(planes * height * width);
    for (let o = 0; o < planes * oh * ow; o++) {
      if (part === 'max-message') {
        const at = most(o);
        sums[at] = round(sums[at] + eps[o]);
      } else {
        window(o, (at) => {
          sums[at] = round(sums[at] + x[o]);
        });
      }
    }
    sums.forEach((sum, i) => {
      store(i, part === 'max-message' ? sum : round(sum / (size * size)));
    });
  };
}

function pool2d(name: string, of: 'max' | 'mean'): Op {
  const forward = poolKernel(of, false);
  const message = [false, true].map((add) => poolKernel(`${of}-message`, add));
  const ints = ([b, c, h, w]: Shape, [, , oh, ow]: Shape, attrs: Attrs) => {
    const { kernel, stride = kernel, padding = 0 } = attrs;
    return [b * c, h, w, oh, ow, kernel, stride, padding] as number[];
  };
  return {
    name,
    arity: 1,
    attrs: {
      kernel: (value) => value !== undefined && countAttr(1)(value),
      // As wide as the window if not given.
      stride: countAttr(1),
      padding: countAttr(0),
    },
    exactOnIntegers: of === 'max',
    shape([x], attrs) {
      const size = Number(attrs.kernel);
      const stride = Number(attrs.stride ?? size);
      const padding = Number(attrs.padding ?? 0);
      const out = (n: number) =>
        Math.floor((n + 2 * padding - size) / stride) + 1;
      if (x.length !== 4 || out(x[2]) < 1 || out(x[3]) < 1) {
        throw new ShapeProblem(
          `needs x [B, C, H, W] no smaller than its window of ${size} x ` +
            `${size} but has ${shapeText(x)}`,
        );
      }
      if (2 * padding > size) {
        throw new ShapeProblem(
          `has padding ${padding}, more than half its window of ${size}`,
        );
      }
      return [x[0], x[1], out(x[2]), out(x[3])];
    },
    forward(emit, [x], attrs, shape) {
      const size = shape.reduce((a, b) => a * b);
      return emit(forward, [x.ref], [size], ints(x.shape, shape, attrs))[0];
    },
    vjp(emit, { inputs: [x], output, attrs, eps, base }) {
      const reads = of === 'max' ? [x.ref, output.ref, eps] : [eps];
      return emit(
        message[base ? 1 : 0],
        base ? [...reads, base] : reads,
        [x.ref.size],
        ints(x.shape, output.shape, attrs),
      )[0];
    },
  };
}

export const maxpool2d = pool2d('maxpool2d', 'max');
export const avgpool2d = pool2d('avgpool2d', 'mean');
