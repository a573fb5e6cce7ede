import { texts } from '../../../kernels/texts.ts';
import { FileError } from '../../base/errors.ts';

/** The text of kernels/NAME.wgsl. Throws FileError where there is none. */
export function wgsl(name: string): string {
  if (Object.hasOwn(texts, name)) return texts[name]!;
  throw new FileError(`There is no kernel ${name}.wgsl: build isochron again`, {
    name,
  });
}
