/**
 * Every recipe trains, on data that is built in, by Z-IL beside BP. Oracle: BP's
 * weights, bit by bit. (Real data and many steps are what people run.)
 */

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { recipes } from '../../src/cli/recipes.ts';
import { complaint, isochron, temporary } from './run.ts';

const BUILT_IN = ['digits', 'shapes', 'few-names', 'sonnets'];

describe('recipes', () => {
  test.each(recipes.map((recipe) => [recipe.name, recipe] as const))(
    '%s: two steps of Z-IL give the weights of BP',
    async (name, { data, writes }) => {
      const cwd = temporary();
      const own = data.names.find((each) => BUILT_IN.includes(each)) as string;
      const ending = await isochron(
        [
          ...['train', name, '--data', own, '--backend', 'cpu'],
          ...['--steps', '2', '--batch', '2', '--test-limit', '2'],
          ...['--against', 'bp', ...(writes ? ['--sample', '5'] : [])],
        ],
        { cwd },
      );
      expect(ending.code, ending.stderr).toBe(0);
      const file = path.join(cwd, 'results/train', name, 'result.json');
      const result = JSON.parse(fs.readFileSync(file, 'utf8'));
      expect(result).toMatchObject({ steps: 2, differingBits: 0 });
      expect(result.elements).toBeGreaterThan(1000);
      if (!writes) return;
      // Text: bits in the progress line, a sample in the end.
      expect(ending.stderr).toMatch(/bits per character/);
      expect(result.bitsPerCharacter).toBeGreaterThan(0);
      expect(result.chance).toBeGreaterThan(3);
      expect(result.sample).toHaveLength(5);
    },
  );

  test('those that write no text refuse --sample', async () => {
    const ending = await isochron(['train', 'cnn', '--sample', '5']);
    expect(ending.code).toBe(2);
    expect(complaint(ending)).toMatch(/cnn writes no text/);
  });
});
