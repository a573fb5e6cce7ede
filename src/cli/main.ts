#!/usr/bin/env node
/** The command line: finds the command, runs it, turns errors to exit codes. */

import { IsochronError, messageOf, OptionError } from '../base/errors.ts';
import { type Fields, lineOf } from '../base/schema.ts';
import { checkCommand } from './check.ts';
import { type Command, common, parse } from './command.ts';
import { demoCommand } from './demo.ts';
import { experimentCommand } from './experiment.ts';
import { infoCommand } from './info.ts';
import { levelCommand } from './level.ts';
import { modelsCommand, rulesCommand } from './lists.ts';
import { nirCommand } from './nir.ts';
import { aligned, Output } from './output.ts';
import { simulateCommand } from './simulate.ts';
import { trainCommand } from './train.ts';
import { version } from './version.ts';

const commands: readonly Command[] = [
  demoCommand,
  trainCommand,
  simulateCommand,
  nirCommand,
  checkCommand,
  experimentCommand,
  levelCommand,
  infoCommand,
  modelsCommand,
  rulesCommand,
];

const EXIT_HELP =
  'Exit codes: 0 ok, 1 a check or a run failed, 2 wrong use, 3 no device, ' +
  '130 interrupted.';

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-v' || name === 'version') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  if (name === undefined || ['--help', '-h', 'help'].includes(name)) {
    const asked = commands.find((command) => command.name === rest[0]);
    const help = `${asked ? helpOf(asked) : overview()}\n`;
    (name === undefined ? process.stderr : process.stdout).write(help);
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((each) => each.name === name);
  const json = rest.includes('--json');
  try {
    if (!command) {
      const allowed = commands.map((each) => each.name);
      throw new OptionError(
        `Unknown command "${name}": use one of ${allowed.join(', ')}`,
        { name: 'command', value: name, allowed },
      );
    }
    const context = parse(command, rest, new Output(json));
    if (context) return await command.run(context as never);
    process.stdout.write(`${helpOf(command)}\n`);
    return 0;
  } catch (error) {
    return report(error, json);
  }
}

function report(error: unknown, json: boolean): number {
  const known = error instanceof IsochronError;
  const message = messageOf(error);
  if (json) {
    const type = known ? error.name : 'Error';
    process.stdout.write(`${JSON.stringify({ error: message, type })}\n`);
  }
  process.stderr.write(`isochron: ${message}\n`);
  if (!known && error instanceof Error) {
    process.stderr.write(
      `This is a fault of isochron, please report it:\n${error.stack}\n`,
    );
  }
  return known ? error.exitCode : 1;
}

function overview(): string {
  return [
    'isochron: event-driven simulation of predictive-coding and delay circuits',
    '',
    'Usage: isochron COMMAND [OPTIONS]',
    '',
    ...aligned(commands.map(({ name, summary }) => [name, summary])),
    '',
    'isochron COMMAND --help tells the options of a command.',
    EXIT_HELP,
  ].join('\n');
}

function helpOf({ name, summary, operands, options, examples }: Command) {
  return [
    `isochron ${name}: ${summary}`,
    '',
    `Usage: isochron ${name} [OPTIONS]${operands ? ` ${operands}` : ''}`,
    '',
    ...optionLines({ ...options, ...common }),
    '',
    'Examples:',
    ...examples.map((example) => `  isochron ${example}`),
    '',
    EXIT_HELP,
  ].join('\n');
}

function optionLines(options: Fields): string[] {
  const rows = Object.entries(options).map(([name, option]) => {
    const { placeholder } = option;
    const left = `--${name}${placeholder ? ` ${placeholder}` : ''}`;
    return [left, lineOf(option)] as const;
  });
  return aligned(rows);
}

process.on('SIGINT', () => {
  // A command that listens too has something to save, and then ends itself.
  if (process.listenerCount('SIGINT') > 1) return;
  process.stderr.write('\nisochron: interrupted; nothing was saved\n');
  process.exit(130);
});
// A closed pipe (| head) is no error; a full disk is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(
    `isochron: Results cannot be written to stdout (${messageOf(error)}): ` +
      'free the disk\n',
  );
  process.exit(1);
});
// Progress that nobody takes does not stop a run.
process.stderr.on('error', () => undefined);

process.exitCode = await main(process.argv.slice(2));
// Open devices keep threads: end here, once stdout has taken everything.
// An error of stdout is told after this callback: let it come first.
process.stdout.write('', () => setImmediate(() => process.exit()));
