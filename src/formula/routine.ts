/** The elementary functions (elementary.ts) as trees. */

import {
  ELEMENTARY,
  type ElementaryName,
  type ElementaryText,
} from './elementary.ts';
import {
  type Expression,
  INNER,
  parseExpression,
  rewritten,
} from './expression.ts';

/** A step names a value, or ends the routine where a condition holds. */
export type Step =
  | { readonly name: string; readonly value: Expression }
  | { readonly when: Expression; readonly value: Expression };

export interface Routine {
  readonly parameters: readonly string[];
  readonly steps: readonly Step[];
  readonly result: Expression;
}

export const ELEMENTARY_NAMES = Object.keys(ELEMENTARY) as ElementaryName[];

const LINE =
  /^(?:(?<name>\w+) = (?<value>.*)|return (?<last>.*?)(?: if (?<when>.*))?)$/;

export function readRoutine([parameters, ...lines]: ElementaryText): Routine {
  const steps: Step[] = [];
  let result: Expression = { kind: 'number', value: Number.NaN };
  for (const line of lines) {
    const { name, value, last, when } = LINE.exec(line)?.groups ?? {};
    if (name) steps.push({ name, value: read(value!) });
    else if (when) steps.push({ when: read(when), value: read(last!) });
    else result = read(last!);
  }
  return { parameters, steps, result };
}

const NUMBERS: Readonly<Record<string, number>> = {
  INFINITY: Number.POSITIVE_INFINITY,
  NAN: Number.NaN,
};

const read = (text: string) => withNumbers(parseExpression(text, {}, INNER));

/** Negative numbers are numbers, not numbers to be negated. */
function withNumbers(e: Expression): Expression {
  if (e.kind === 'name' && Object.hasOwn(NUMBERS, e.name)) {
    return { kind: 'number', value: NUMBERS[e.name]! };
  }
  const made = rewritten(e, withNumbers);
  return made.kind === 'negate' && made.operand.kind === 'number'
    ? { kind: 'number', value: -made.operand.value }
    : made;
}

/** A routine whose polynomials are written out as products and sums. */
export function unrolled({ parameters, steps, result }: Routine): Routine {
  return {
    parameters,
    steps: steps.map((step) => ({
      ...step,
      ...('when' in step ? { when: withoutHorner(step.when) } : {}),
      value: withoutHorner(step.value),
    })),
    result: withoutHorner(result),
  };
}

function withoutHorner(e: Expression): Expression {
  const made = rewritten(e, withoutHorner);
  if (made.kind !== 'call' || made.name !== 'horner') return made;
  const [x, first, ...rest] = made.args;
  return rest.reduce((p, c) => binary('+', binary('*', p, x!), c), first!);
}

const binary = (
  operator: string,
  left: Expression,
  right: Expression,
): Expression => ({ kind: 'binary', operator, left, right });
