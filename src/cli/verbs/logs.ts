import { existsSync, readdirSync } from 'node:fs';
import type { Command } from 'commander';
import { BadInputError, MissingDataError } from '../../errors.ts';
import { defineVerb, integer } from '../flags.ts';
import { perform } from '../session.ts';

export function defineLogs(program: Command): void {
  defineVerb(
    program,
    'logs [process]',
    "Show the last lines of a service's log; without a name, which logs there are.",
    ['logs pipeline-worker --lines 50', 'logs temporal --level error --follow'],
  )
    .option('--lines <count>', 'how many lines', integer, 20)
    .option('--level <level>', 'only this level and worse: debug, info, warn or error', 'debug')
    .option('--follow', 'go on with new lines until Ctrl-C')
    .action(
      perform<{ lines: number; level: string; follow?: boolean }>(async (session, options, [name]) => {
        if (options.follow && session.flags.json) {
          throw new BadInputError(
            '--follow has no end, so it cannot be one JSON object.',
            'Leave one of --follow and --json out; the files under logs/ are JSON lines.',
          );
        }
        const home = await session.home();
        const folder = home.path('logs');
        const names = (existsSync(folder) ? readdirSync(folder) : [])
          .filter((file) => file.endsWith('.log'))
          .map((file) => file.slice(0, -'.log'.length))
          .toSorted();
        if (name === undefined) {
          return {
            json: { folder, logs: names },
            text: names.length > 0 ? names : `no logs in ${folder} yet`,
          };
        }
        if (!names.includes(name)) {
          throw new MissingDataError(
            `There is no log of "${name}" in ${folder}.`,
            names.length > 0 ? `There are: ${names.join(', ')}.` : 'Start the services with `up`.',
          );
        }
        const { readLog, followLog } = await import('../log-reader.ts');
        const lines = readLog(home.path('logs', `${name}.log`), options.lines, options.level);
        if (!options.follow)
          return {
            json: { log: name, lines: lines.map(({ event }) => event) },
            text: lines.map(({ text }) => text),
          };
        for (const { text } of lines) process.stdout.write(`${text}\n`);
        await followLog(home.path('logs', `${name}.log`), options.level, session.signal, (text) =>
          process.stdout.write(`${text}\n`),
        );
        return undefined;
      }),
    );
}
