/** Kernels are text files under kernels/, read once and kept. */
import { FileError, messageOf } from '../../base/errors.ts';

const texts = new Map<string, Promise<string>>();

/**
 * The text of kernels/NAME.wgsl. Works from the sources, from a build (where
 * kernels/ lies beside src/ too) and in a page. Throws `FileError`.
 */
export function loadWgsl(name: string): Promise<string> {
  let text = texts.get(name);
  if (!text) {
    text = read(name);
    texts.set(name, text);
    // A page may fail to fetch once; the next call tries again.
    text.catch(() => texts.delete(name));
  }
  return text;
}

async function read(name: string): Promise<string> {
  if (!/^\w[\w-]*$/.test(name)) {
    throw new FileError(
      `"${name}" is no kernel name: use letters, digits, _ and -`,
      { name },
    );
  }
  // Bundlers look for exactly this form to know which files to carry.
  const url = new URL(`../../../kernels/${name}.wgsl`, import.meta.url);
  try {
    if (url.protocol === 'file:') {
      const fs = await import('node:fs/promises');
      return await fs.readFile(url, 'utf8');
    }
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
    return await answer.text();
  } catch (error) {
    throw new FileError(
      `Kernel ${name}.wgsl cannot be read (${messageOf(error)}): ` +
        'install or build isochron again',
      { name, url: url.href },
    );
  }
}
