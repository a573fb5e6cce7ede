/** Oracle: what the streams sent, counted by hand. */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { npyBytes, readNpy } from '../../src/formats/npy.ts';
import {
  recordingJson,
  spikesCsv,
  valuesCsv,
} from '../../src/formats/recordings.ts';
import { lif, relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import {
  OverflowError,
  recordSpikes,
  recordValues,
} from '../../src/network/run/recording.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { oneToOne } from '../../src/network/synapses.ts';

/** Two cells that pass on spikes at 0, 1, 2 (the first) and 1.5 ms. */
function open() {
  const net = new Network({ dt: 0.5 });
  const source = net.events('source', 2, { times: [[0, 1, 2], [1.5]] });
  const cells = net.population('cells', 2, lif);
  net.project(source, cells, { pattern: oneToOne(), weight: 2, delay: 0.5 });
  const ramp = net.samples('ramp', 2, { values: (t) => [t, -t] });
  const out = net.population('out', 2, relay);
  net.project(ramp, out, { pattern: oneToOne(), delay: 0 });
  return NetworkRun.open(net, { backend: new CpuBackend('f64') });
}

describe('recordings', () => {
  test('keep spikes in the order of time', async () => {
    const run = open();
    const spikes = recordSpikes(run.spikes$('cells'));
    await run.run(5);
    expect(spikes.read()).toEqual({
      times: Float64Array.of(0.5, 1.5, 2, 2.5),
      neurons: Uint32Array.of(0, 0, 1, 0),
      trials: Uint32Array.of(0, 0, 0, 0),
    });
    expect(spikesCsv(spikes.read())).toBe(
      'time_ms,neuron,trial\r\n0.5,0,0\r\n1.5,0,0\r\n2,1,0\r\n2.5,0,0\r\n',
    );
    spikes.stop();
    await run.run(5);
    expect(spikes.read().times.length).toBe(4);
    run.destroy();
  });

  test('keep values at an interval, across calls of run', async () => {
    const run = open();
    const values = recordValues(run.state$('out', 'y', { every: 1 }));
    await run.run(1.5);
    await run.run(2);
    const { times, data, shape } = values.read();
    expect([...times]).toEqual([0, 1, 2, 3]);
    expect([...data]).toEqual([0, 0, 1, -1, 2, -2, 3, -3]);
    expect(shape).toEqual([4, 2]);
    expect(valuesCsv(values.read())).toBe(
      'time_ms,element_0,element_1\r\n0,0,0\r\n1,1,-1\r\n2,2,-2\r\n3,3,-3\r\n',
    );
    const parsed = JSON.parse(recordingJson(values.read()));
    expect(parsed.times).toEqual([0, 1, 2, 3]);
    expect(parsed.shape).toEqual([4, 2]);
    const npy = readNpy(npyBytes(data, shape));
    expect([...npy.data]).toEqual([...data]);
    expect(npy.shape).toEqual([4, 2]);
    run.destroy();
  });

  test('that overflow fail when they are read, and say what was lost', async () => {
    const run = open();
    const spikes = recordSpikes(run.spikes$('cells'), { capacity: 3 });
    await run.run(5);
    expect(() => spikes.read()).toThrow(OverflowError);
    expect(() => spikes.read()).toThrow('full at 2.5 ms: 1 entries');
    expect(spikes.lost).toBe(1);
    run.destroy();
  });

  test("keep the latest under the policy 'latest', and count the others", async () => {
    const run = open();
    const options = { capacity: 3, policy: 'latest' } as const;
    const spikes = recordSpikes(run.spikes$('cells'), options);
    const values = recordValues(run.state$('out', 'y'), options);
    await run.run(5);
    expect([...spikes.read().times]).toEqual([1.5, 2, 2.5]);
    expect(spikes.lost).toBe(1);
    expect([...values.read().times]).toEqual([3.5, 4, 4.5]);
    expect(values.lost).toBe(7);
    run.destroy();
  });

  test.each([
    [{ capacity: 0 }, 'capacity'],
    [{ capacity: 1.5 }, 'capacity'],
    [{ policy: 'drop' }, 'policy'],
  ])('reject %o', (options, text) => {
    const run = open();
    expect(() => recordSpikes(run.spikes$('cells'), options as never)).toThrow(
      text,
    );
    run.destroy();
  });
});
