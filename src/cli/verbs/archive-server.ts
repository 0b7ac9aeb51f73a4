import type { Command } from 'commander';
import { defineVerb, integer } from '../flags.ts';
import { perform } from '../session.ts';
import { until } from '../until.ts';

interface Options {
  host?: string;
  port: number;
  data?: string;
  clock?: string;
  dfAvailability?: string;
  apiKey?: string[];
  fault?: string[];
  seed?: number;
  slowMs?: number;
}

export function defineArchiveServer(program: Command): void {
  defineVerb(
    program,
    'archive-server',
    'Serve the shipped record over the wire shapes of EIA API v2 and CAISO OASIS until Ctrl-C.',
    [
      'archive-server --port 8080',
      'archive-server --fault rate-limited=0.1 --fault cut-off@3 --clock 2018-05-01T10:00Z',
    ],
  )
    .option('--host <address>', 'where to listen (default: 127.0.0.1)')
    .option('--port <port>', 'default: a free one', integer, 0)
    .option('--data <folder>', 'default: the data that comes with Ringwatt')
    .option('--clock <time>', 'hide what was not published at that time, such as 2018-05-01T10:00Z')
    .option(
      '--df-availability <whose>',
      'operator (default) or eia: when day-ahead forecasts come out under --clock',
    )
    .option('--api-key <key>', 'a key to let in, may be repeated (default: any that is not empty)', repeated)
    .option('--fault <fault>', 'KIND, KIND=SHARE or KIND@REQUEST, may be repeated', repeated)
    .option('--seed <number>', 'decides which requests the shares hit (default: 1)', integer)
    .option('--slow-ms <milliseconds>', 'how long a slow reply waits (default: 3000)', integer)
    .addHelpText(
      'after',
      () =>
        `\nFaults: forbidden, rate-limited, server-error, cut-off, truncated, html, still-processing (the whole reply);\n  slow, unsorted, shifting-total, mixed-values, null-values, duplicates (what is in it).`,
    )
    .action(
      perform<Options>(async (session, options) => {
        const { startArchiveServer } = await import('../../sources/archive/server.ts');
        const { parseFaults } = await import('../../sources/archive/faults.ts');
        const { BadInputError } = await import('../../errors.ts');
        const { dfAvailability } = options;
        if (dfAvailability !== undefined && dfAvailability !== 'operator' && dfAvailability !== 'eia') {
          throw new BadInputError(
            `--df-availability cannot be "${dfAvailability}".`,
            'Give operator or eia.',
          );
        }
        const server = await startArchiveServer({
          host: options.host,
          port: options.port,
          dataFolder: options.data,
          clock: options.clock,
          dfAvailability,
          apiKeys: options.apiKey,
          faults: parseFaults(options.fault ?? [], { seed: options.seed, slowMs: options.slowMs }),
        });
        try {
          session.print({
            json: { url: server.url, port: server.port },
            text: [`EIA API v2: ${server.url}/v2/`, `CAISO OASIS: ${server.url}/oasisapi/SingleZip`],
          });
          session.say('Ctrl-C ends it');
          await until(session.signal);
        } finally {
          await server.close();
        }
        return undefined;
      }),
    );
}

const repeated = (value: string, before: string[] = []) => [...before, value];
