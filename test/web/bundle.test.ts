/**
 * The package in a page: bundled by esbuild and by Vite, run in headless
 * Chromium. Oracle: the same program in Node, bit for bit in float32. Where no
 * Chromium is installed only the bundles are made.
 */

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import * as vite from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PROGRAM = `
import { adam, Random, simulate, zil } from 'isochron';
import { mlp } from 'isochron/models';
import { lif, Network, openNetwork, poisson, random, recordSpikes } from 'isochron/network';

/** Weights after three steps of Z-IL, as hexadecimal words. */
async function learn(backend) {
  const graph = mlp({
    sizes: [6, 8, 4], batch: 5,
    activation: 'tanh', loss: 'softmax_xent', reduction: 'mean',
  });
  const run = await simulate(graph, {
    rule: zil(), backend, dtype: 'f32', optimiser: adam(), seed: 7,
  });
  const draws = new Random(3);
  const x = Float32Array.from({ length: 30 }, () => draws.uniform() - 0.5);
  const target = new Float32Array(20).map((_, i) => Number(i % 4 === i >> 2));
  for (let step = 0; step < 3; step++) await run.step({ x, target });
  const words = [];
  for (const data of (await run.allParameters()).values()) {
    words.push(...new Uint32Array(Float32Array.from(data).buffer));
  }
  run.destroy();
  return words.map((word) => word.toString(16)).join(' ');
}

/** Spikes of a network with delays. */
async function fire(backend) {
  const network = new Network({ dt: 0.5 });
  const noise = network.population('noise', 40, poisson, { parameters: { rate: 50 } });
  const cells = network.population('cells', 20, lif, { parameters: { threshold: 3 } });
  network.project(noise, cells, { pattern: random({ probability: 0.3 }), weight: 0.5, delay: 1.5 });
  network.project(cells, cells, { weight: -0.1, delay: { uniform: [1, 8] } });
  const run = await openNetwork(network, { backend, dtype: 'f32', seed: 5 });
  const spikes = recordSpikes(run.spikes$('cells'));
  await run.run(50);
  const { times, neurons } = spikes.read();
  run.destroy();
  return Array.from(times, (time, i) => time + ':' + neurons[i]).join(' ');
}

globalThis.isochronProgram = { learn, fire };
if (typeof document === 'object') {
  for (const [name, run] of Object.entries({ learn, fire })) {
    for (const backend of ['cpu', 'webgpu']) {
      const shown = document.createElement('p');
      shown.id = name + '-' + backend;
      shown.textContent = await run(backend).catch(String);
      document.body.append(shown);
    }
  }
}
`;

const BACKENDS = ['cpu', 'webgpu'] as const;
type Program = Record<'learn' | 'fire', (backend: string) => Promise<string>>;
type Holder = { isochronProgram: Program };

const root = fileURLToPath(new URL('../..', import.meta.url));
// Below dist the package finds itself by its own name.
const folder = fs.mkdtempSync(path.join(root, 'dist', 'page-'));
const entry = path.join(folder, 'program.mjs');
fs.writeFileSync(entry, PROGRAM);

const bundlers = {
  async esbuild(outfile: string) {
    const { errors, warnings } = await esbuild.build({
      ...{ entryPoints: [entry], outfile, bundle: true, format: 'esm' },
      logLevel: 'silent',
    });
    return [...errors, ...warnings].map(({ text }) => text);
  },
  async vite(outfile: string) {
    const told: string[] = [];
    await vite.build({
      ...{ root: folder, configFile: false, logLevel: 'silent' },
      build: {
        ...{ outDir: path.dirname(outfile), emptyOutDir: false },
        lib: { entry, formats: ['es'], fileName: () => path.basename(outfile) },
        rolldownOptions: { onwarn: ({ message = '' }) => told.push(message) },
      },
    });
    return told;
  },
};

const PATHS = (process.env['PATH'] ?? '').split(path.delimiter);
const executablePath = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => PATHS.map((at) => path.join(at, name)))
  .find((file) => fs.existsSync(file));
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu-sandbox', '--disable-dev-shm-usage'],
  ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
];
/** Nothing from elsewhere, and no code that is made of text. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
].join('; ');

const bundleOf = (name: string) => path.join(folder, `${name}.js`);

/** A page of one script, from the folder of the bundles. */
const server = http.createServer(({ url = '/' }, answer) => {
  const name = path.basename(url);
  const script = name.endsWith('.js');
  answer.setHeader('Content-Security-Policy', POLICY);
  answer.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
  answer.end(
    script
      ? fs.readFileSync(path.join(folder, name))
      : `<!doctype html><body><script type="module" src="/${name}.js"></script>`,
  );
});

afterAll(() => {
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe.each(Object.entries(bundlers))('%s', (name, bundle) => {
  let told: string[];
  beforeAll(async () => {
    told = await bundle(bundleOf(name));
  });

  test('bundles the package without an error', () => {
    expect(told).toEqual([]);
  });

  describe.skipIf(!executablePath)('in Chromium', () => {
    let browser: Browser;
    let page: Page;
    let here: Program;
    const complaints: string[] = [];

    beforeAll(async () => {
      await import(pathToFileURL(entry).href);
      here = (globalThis as unknown as Holder).isochronProgram;
      if (!server.listening) {
        await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      }
      const { port } = server.address() as { port: number };
      // It brings a driver of its own, whatever the tests of Node run on.
      const { VK_DRIVER_FILES: _, ...env } = process.env;
      browser = await chromium.launch({ executablePath, args: FLAGS, env });
      page = await browser.newPage();
      page.on('pageerror', ({ message }) => complaints.push(message));
      page.on('console', (line) => {
        if (line.type() === 'error') complaints.push(line.text());
      });
      await page.goto(`http://127.0.0.1:${port}/${name}`);
    });

    afterAll(() => browser?.close());

    test.each(
      BACKENDS.flatMap((backend) => [
        ['learn', backend] as const,
        ['fire', backend] as const,
      ]),
    )('%s on %s: the bits of Node', async (what, backend) => {
      const there = await page.locator(`#${what}-${backend}`).textContent();
      expect(there).toBe(await here[what]('cpu'));
      expect(there).not.toBe('');
    });

    test('nothing is refused and nothing complains', () => {
      expect(complaints).toEqual([]);
    });
  });
});
