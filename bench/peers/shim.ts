/**
 * Loads libraries made for browsers into Node: each gets the globals that it
 * looks for as parameters of its modules, so nothing is put on globalThis, and
 * one library may be loaded several times with different globals.
 */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { DeviceMissingError, OptionError } from '../../src/base/errors.ts';

/** Exports of a CommonJS module. */
type Exports = Readonly<Record<string, unknown>>;
type Globals = Readonly<Record<string, unknown>>;

const INSTALL = 'run npm ci --prefix bench';

/** The folder bench/ of the project, from the source or from dist/. */
export function findPackages(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const folder = join(at, 'bench');
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === dirname(at)) {
      throw new OptionError(
        'No bench/package.json above this file: run the benchmarks from a ' +
          'checkout of the project',
      );
    }
  }
}

/** Version of an installed package; throws where it is not installed. */
export function versionOf(folder: string, name: string): string {
  const path = join(folder, 'node_modules', name, 'package.json');
  if (!existsSync(path)) {
    throw new OptionError(`${name} is not installed: ${INSTALL}`, { name });
  }
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string })
    .version;
}

/**
 * Loads CommonJS packages of a folder's node_modules. Their modules are this
 * loader's own, shared with no other loader; Node's are Node's.
 */
export function loader(
  folder: string,
  globals: Globals,
): (name: string) => Exports {
  const cache = new Map<string, { exports: Exports }>();
  const names = ['exports', 'require', 'module', '__filename', '__dirname'];
  const values = Object.values(globals);
  const from = (file: string) => {
    const node = createRequire(file);
    return (name: string): Exports => {
      const path = node.resolve(name);
      // Addons and Node's own modules are for Node to load.
      if (!path.endsWith('.js') && !path.endsWith('.cjs')) return node(name);
      const known = cache.get(path);
      if (known) return known.exports;
      const module = { exports: {} };
      cache.set(path, module);
      compileFunction(
        readFileSync(path, 'utf8'),
        [...names, ...Object.keys(globals)],
        { filename: path },
      ).call(
        module.exports,
        ...[module.exports, from(path), module, path, dirname(path), ...values],
      );
      return module.exports;
    };
  };
  return from(join(folder, 'package.json'));
}

/** What a library finds of a browser, with a device to be had or none. */
export async function browserGlobals(device?: GPUDevice): Promise<Globals> {
  const adapter = device && {
    ...{ limits: device.limits, features: device.features },
    info: device.adapterInfo,
    // An adapter makes one device only: all get the one that is open.
    requestDevice: async () => device,
  };
  const navigator = {
    userAgent: `Node.js/${process.versions.node}`,
    hardwareConcurrency: cpus().length,
    ...(adapter && { gpu: { requestAdapter: async () => adapter } }),
  };
  // Registries that a library keeps on its global object are its own.
  const global = Object.create(globalThis, { navigator: { value: navigator } });
  if (!device) return { navigator, global, globalThis: global };
  // Not a literal: loaded only where a device shows that it is there.
  const dawn = 'webgpu';
  const { globals } = (await import(dawn)) as { globals: Globals };
  return { navigator, global, globalThis: global, ...globals };
}

/** The device, or an error that tells how to come by one. */
export function needDevice(device: GPUDevice | undefined): GPUDevice {
  if (device) return device;
  throw new DeviceMissingError(
    'No WebGPU device was given: install a Vulkan driver (see `isochron ' +
      'info`), and pass its device',
  );
}
