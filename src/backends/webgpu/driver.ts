/**
 * Brings a software Vulkan driver to a Linux machine that has none, without
 * root: the optional npm package `@sparticuz/chromium` carries SwiftShader
 * and a Vulkan loader that need libc alone.
 *
 * Node's modules are taken by their default export, because bundlers for
 * pages put an empty default in their place; a named import would not build.
 */
import fs from 'node:fs';
import module from 'node:module';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import zlib from 'node:zlib';
import { FormatError, messageOf } from '../../base/errors.ts';

const PACKAGE = '@sparticuz/chromium';
const ICD = 'vk_swiftshader_icd.json';
const LOADER = 'libvulkan.so.1';
/** The only members of the archive that are unpacked. */
const NEEDED = [ICD, LOADER, 'libvk_swiftshader.so'];
/** glibc's RTLD_NODELETE, which Node's constants do not name. */
const RTLD_NODELETE = 0x1000;

/** The driver's ICD file, or why there is none. */
export type SoftwareDriver =
  | { readonly ok: true; readonly icd: string }
  | { readonly ok: false; readonly reason: string };

/**
 * Unpacks SwiftShader into the cache (once a machine), points the Vulkan
 * loader at it (`VK_DRIVER_FILES` of this process) and loads the package's
 * own Vulkan loader where the system has none. Must run before a GPU object
 * asks for its first adapter. Never throws: the reason is a clause for a
 * longer sentence. In a worker thread the variable does not reach the loader,
 * since `process.env` is a copy there.
 */
export async function bringSoftwareDriver(): Promise<SoftwareDriver> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    const machine = `${process.platform} ${process.arch}`;
    return { ok: false, reason: `only for linux x64, this is ${machine}` };
  }
  try {
    const source = findArchive();
    if (source === null) {
      return { ok: false, reason: `${PACKAGE} is not installed` };
    }
    const icd = path.join(unpacked(source.archive, source.version), ICD);
    process.env['VK_DRIVER_FILES'] = icd;
    loadVulkan(path.join(path.dirname(icd), LOADER));
    return { ok: true, icd };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

/** The package's archive, looked for from this file and the working folder. */
function findArchive(): { archive: string; version: string } | null {
  const require = module.createRequire(import.meta.url);
  const paths = [import.meta.dirname, process.cwd()];
  let entry: string;
  try {
    entry = require.resolve(PACKAGE, { paths });
  } catch {
    return null;
  }
  // The package exports no path to its files: climb from its entry.
  let root = path.dirname(entry);
  while (!fs.existsSync(path.join(root, 'bin', 'swiftshader.tar.br'))) {
    const parent = path.dirname(root);
    if (parent === root) return null;
    root = parent;
  }
  const manifest: { version?: unknown } = JSON.parse(
    fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  const version = String(manifest.version).replace(/[^\w.-]/g, '_');
  return { archive: path.join(root, 'bin', 'swiftshader.tar.br'), version };
}

/** The folder that holds the driver's files; filled when it is not yet. */
function unpacked(archive: string, version: string): string {
  const tried: string[] = [];
  for (const cache of cacheFolders()) {
    const target = path.join(cache, `swiftshader-${version}`);
    try {
      fs.mkdirSync(cache, { recursive: true, mode: 0o700 });
      refuseForeign(cache);
      if (!isComplete(target)) fill(target, archive);
      return target;
    } catch (error) {
      if (error instanceof FormatError) throw error;
      tried.push(messageOf(error));
    }
  }
  throw new Error(`the driver cannot be unpacked: ${tried.join('; ')}`);
}

function cacheFolders(): string[] {
  const env = process.env;
  const home =
    env['XDG_CACHE_HOME'] || path.join(env['HOME'] || os.homedir(), '.cache');
  return [
    path.join(env['ISOCHRON_CACHE'] || home, 'isochron'),
    path.join(os.tmpdir(), `isochron-${process.getuid?.() ?? 'user'}`),
  ];
}

/** Code is loaded from here, so no other user may have put it there. */
function refuseForeign(folder: string): void {
  if (!folder.startsWith(os.tmpdir() + path.sep)) return;
  const { uid, mode } = fs.lstatSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new Error(`${folder} can be written by other users`);
  }
}

function isComplete(folder: string): boolean {
  return NEEDED.every((name) => fs.existsSync(path.join(folder, name)));
}

/** Unpacks beside the target and renames, so that two processes may race. */
function fill(target: string, archive: string): void {
  const files = readTar(zlib.brotliDecompressSync(fs.readFileSync(archive)));
  const temporary = fs.mkdtempSync(`${target}-`);
  try {
    for (const name of NEEDED) {
      const bytes = files.get(name);
      if (!bytes) {
        throw new FormatError(`${archive} lacks ${name}: install it again`, {
          ...{ archive, name },
        });
      }
      const content = name === ICD ? withResolvablePath(bytes) : bytes;
      fs.writeFileSync(path.join(temporary, name), content, { mode: 0o755 });
    }
    try {
      fs.renameSync(temporary, target);
    } catch {
      // Another process was first, or an incomplete folder is in the way.
      if (isComplete(target)) return;
      fs.rmSync(target, { recursive: true, force: true });
      fs.renameSync(temporary, target);
    }
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * The loader takes a path with a slash as relative to the ICD file, and a
 * bare name as one to look for on the system, where the driver is not.
 */
function withResolvablePath(icd: Uint8Array): string {
  const text = new TextDecoder().decode(icd);
  const manifest: { ICD: { library_path: string } } = JSON.parse(text);
  const library = path.basename(manifest.ICD.library_path);
  manifest.ICD.library_path = `./${library}`;
  return JSON.stringify(manifest);
}

/** Puts a Vulkan loader into the process: the system's, else `bundled`. */
function loadVulkan(bundled: string): void {
  const { RTLD_NOW, RTLD_GLOBAL } = os.constants.dlopen;
  const problems: string[] = [];
  for (const file of [LOADER, bundled]) {
    try {
      const flags = RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE;
      process.dlopen({ exports: {} }, file, flags);
      return;
    } catch (error) {
      // A plain library is no addon: it stays loaded, and Node says so.
      if (/self-register/.test(messageOf(error))) return;
      problems.push(messageOf(error));
    }
  }
  throw new Error(`no Vulkan loader can be loaded: ${problems.join('; ')}`);
}

/**
 * The files of a tar archive by name. Folders, links and names with anything
 * but letters, digits, `.`, `_`, `-` are refused with a `FormatError`: the
 * archive that is meant has none.
 */
export function readTar(tar: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const field = (at: number, length: number): string =>
    new TextDecoder()
      .decode(tar.subarray(at, at + length))
      .replace(/\0[\s\S]*$/, '');
  for (let at = 0; at + 512 <= tar.length; ) {
    if (tar[at] === 0) break;
    const name = field(at, 100);
    const type = field(at + 156, 1);
    const size = Number.parseInt(field(at + 124, 12).trim(), 8);
    const sum = Number.parseInt(field(at + 148, 8).trim(), 8);
    const plain = (type === '0' || type === '') && field(at + 345, 155) === '';
    if (!plain || !/^[A-Za-z0-9_-][\w.-]*$/.test(name)) {
      throw new FormatError(
        `The archive's member "${name}" is no plain file with a plain name: ` +
          'install the package again',
        { name, type },
      );
    }
    if (!(at + 512 + size <= tar.length) || sum !== checksum(tar, at)) {
      throw new FormatError(
        `The archive is damaged at byte ${at}: install the package again`,
        { name, at },
      );
    }
    files.set(name, tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

/** Sum of a header's bytes, its own checksum field taken as blanks. */
function checksum(tar: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < 512; i++) {
    sum += i >= 148 && i < 156 ? 32 : tar[at + i]!;
  }
  return sum;
}
