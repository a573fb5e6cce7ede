import { texts } from '../../../kernels/texts.ts';
import { FileError } from '../../base/errors.ts';
import { mathWgsl } from '../../formula/wgsl.ts';

/** The text of kernels/NAME.wgsl, or what is made of formulas: `math`. Throws FileError where there is none. */
export function wgsl(name: string): string {
  if (name === 'math') return mathWgsl();
  if (Object.hasOwn(texts, name)) return texts[name];
  throw new FileError(`There is no kernel ${name}.wgsl: build isochron again`, {
    name,
  });
}
