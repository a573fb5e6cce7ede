import { describe, expect, test } from 'vitest';
import { complaint, isochron, lines, objects, temporary } from './run.ts';

const ESC = String.fromCharCode(27);
/** Variables with which no adapter is found. */
const NO_ADAPTER = {
  ISOCHRON_ADAPTER: 'system',
  VK_DRIVER_FILES: '/nonexistent',
  VK_ICD_FILENAMES: undefined,
};
const onLinux = process.platform === 'linux';

/** Whether there is an adapter; under CI there must be one. */
const { code: found } = await isochron(['info', '--json'], { cwd: '.' });
if (process.env['CI'] === 'true' && found !== 0) {
  throw new Error('isochron info finds no adapter, and CI needs one');
}

describe.skipIf(found !== 0).concurrent('with an adapter', () => {
  test('info --json: one object of versions, limits, fingerprint', async () => {
    const { code, stdout } = await isochron(['info', '--json']);
    expect(code).toBe(0);
    const rows = objects(stdout);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      node: process.version,
      webgpu: expect.stringMatching(/^\d+\.\d+\.\d+/),
      adapter: { vendor: expect.any(String), isSoftware: expect.any(Boolean) },
      limits: { maxBufferSize: expect.any(Number) },
      fingerprint: { hash: expect.stringMatching(/^[0-9a-f]{8}$/) },
    });
  });

  test('info: the same for people', async () => {
    const { code, stdout } = await isochron(['info']);
    expect(code).toBe(0);
    for (const title of ['versions', 'adapter', 'limits', 'features']) {
      expect(`\n${stdout}`).toMatch(`\n${title}\n`);
    }
    expect(stdout).toMatch(/\n {2}hash +[0-9a-f]{8}/);
    expect(stdout).not.toContain(ESC);
  });

  test('check --backend webgpu: the same bits as bp, and told', async () => {
    const args = ['check', '--backend', 'webgpu', '--json', 'skip', 'mlp'];
    const { code, stdout, stderr } = await isochron(args);
    expect(code).toBe(0);
    expect(objects(stdout)).toHaveLength(2);
    for (const row of objects(stdout)) {
      expect(row).toMatchObject({
        ...{ backend: 'webgpu', dtype: 'f32', differingBits: 0, pass: true },
      });
    }
    expect(stderr).toMatch(/^backend: webgpu, /m);
  });

  test.skipIf(!onLinux)('SwiftShader by name', async () => {
    const args = ['info', '--adapter', 'swiftshader', '--json'];
    const { code, stdout } = await isochron(args);
    expect(code).toBe(0);
    expect(objects(stdout)[0]).toMatchObject({
      adapter: { driverSource: 'bundled SwiftShader', isSoftware: true },
    });
  });

  // Oracle: the manual: nothing but a folder for temporary files is needed.
  test.skipIf(!onLinux)('without HOME, and with no cache', async () => {
    for (const env of [
      { HOME: undefined, XDG_CACHE_HOME: undefined },
      { HOME: '/dev/null/home', XDG_CACHE_HOME: undefined },
    ]) {
      const more = { ...env, TMPDIR: temporary(), ISOCHRON_CACHE: undefined };
      const ending = await isochron(['check', 'skip', '--json'], {
        env: { ...more, ISOCHRON_ADAPTER: 'swiftshader' },
      });
      expect(ending.stderr).not.toMatch('isochron:');
      expect(ending.code).toBe(0);
      expect(objects(ending.stdout)[0]).toMatchObject({ pass: true });
    }
  });
});

describe.skipIf(!onLinux).concurrent('without an adapter', () => {
  test('--backend webgpu ends with 3 and says what to do', async () => {
    for (const args of [['check', 'skip', '--backend', 'webgpu'], ['info']]) {
      const ending = await isochron(args, { env: NO_ADAPTER });
      expect(ending.code).toBe(3);
      expect(complaint(ending)).toMatch(
        /No usable WebGPU adapter \(.*VK_DRIVER_FILES.*\): install .*--backend/,
      );
    }
  });

  test('--backend auto takes the CPU and says why and what to do', async () => {
    const ending = await isochron(['check', 'skip', '--json'], {
      env: NO_ADAPTER,
    });
    expect(ending.code).toBe(0);
    expect(objects(ending.stdout)).toMatchObject([
      { backend: 'cpu', dtype: 'f32', pass: true },
    ]);
    const told = lines(ending.stderr).filter((line) =>
      /^running on the CPU: No usable .*install a Vulkan driver/.test(line),
    );
    expect(told).toHaveLength(1);
    expect(ending.stderr).toMatch(/^backend: cpu, float32$/m);
  });

  test('a driver that can be unpacked nowhere is told', async () => {
    const env = {
      ...{ ISOCHRON_ADAPTER: 'swiftshader', ISOCHRON_CACHE: '/dev/null/x' },
      TMPDIR: '/dev/null',
    };
    const args = ['check', 'skip', '--backend', 'webgpu'];
    const ending = await isochron(args, { env });
    expect(ending.code).toBe(3);
    expect(complaint(ending)).toMatch(/the driver cannot be unpacked/);
  });

  test('an unknown ISOCHRON_ADAPTER is wrong use, not a missing device', async () => {
    const env = { ISOCHRON_ADAPTER: 'nonsense' };
    for (const args of [['check', 'skip'], ['info']]) {
      const ending = await isochron(args, { env });
      expect(ending.code).toBe(2);
      expect(complaint(ending)).toMatch(/Adapter "nonsense" is unknown: pass/);
    }
  });
});
