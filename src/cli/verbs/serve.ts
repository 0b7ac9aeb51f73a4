import type { Command } from 'commander';
import { BadInputError, InUseError, StorageError } from '../../errors.ts';
import { defineVerb, integer } from '../flags.ts';
import { stderrLogger } from '../logger.ts';
import { perform } from '../session.ts';
import { until } from '../until.ts';

interface Options {
  host: string;
  port: number;
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

export function defineServe(program: Command): void {
  defineVerb(
    program,
    'serve',
    'Answer over HTTP until Ctrl-C: models, promotion and rollback, jobs, alerts; on this machine alone.',
    ['serve', 'serve --port 8080'],
  )
    .option('--host <address>', 'where to listen: 127.0.0.1, ::1 or localhost', '127.0.0.1')
    .option('--port <port>', '0 for a free one', integer, 8000)
    .action(
      perform<Options>(async (session, { host, port }) => {
        requireLoopback(host);
        const home = await session.home();
        const [{ httpDoor }, { runningServices }] = await Promise.all([
          import('../../http/server.ts'),
          import('../running-services.ts'),
        ]);
        const { config } = session;
        const temporal = await runningServices(session);
        const log = stderrLogger(
          session.flags.logLevel === undefined ? 'warn' : config.logLevel,
          session.progress,
        );
        const door = httpDoor({ home, temporal, log });
        try {
          const url = await door.listen({ host, port }).catch((error: unknown) => {
            throw cannotListen(error, host, port);
          });
          session.print({ json: { url }, text: `serving ${home.root} at ${url}` });
          session.say('Ctrl-C ends it');
          await until(session.signal);
        } finally {
          await door.close();
          await temporal.close();
        }
        return undefined;
      }),
    );
}

function requireLoopback(host: string): void {
  if (LOOPBACK.includes(host)) return;
  throw new BadInputError(
    `--host ${host} would let other machines in, and nobody is asked who they are yet.`,
    'Leave it out: `serve` listens on this machine alone until it has authentication. From elsewhere use an SSH tunnel.',
  );
}

function cannotListen(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new InUseError(`Port ${port} of ${host} is in use.`, 'Name another with --port.');
  if (code === 'EACCES')
    return new StorageError(`Port ${port} may not be used by this user.`, 'Name one above 1023.');
  if (code === 'ERR_SOCKET_BAD_PORT')
    return new BadInputError(`${port} is no port.`, 'Name one from 0 to 65535.');
  return error;
}
