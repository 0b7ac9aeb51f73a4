import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BadInputError, messageOf } from '../../errors.ts';
import { FAULT_DESCRIPTIONS, parseFaults } from './faults.ts';
import { startArchiveServer, type ArchiveServerOptions } from './server.ts';

const USAGE = `archive server: the shipped record over the wire shapes of EIA API v2 and CAISO OASIS

  --host ADDRESS          default 127.0.0.1
  --port NUMBER           default 0, a free one
  --data FOLDER           default: the data that comes with Ringwatt
  --clock TIME            hides what was not published at that time, such as 2018-05-01T10:00Z
  --df-availability WHOSE operator (default) or eia: when day-ahead forecasts come out under --clock
  --api-key KEY           a key to let in, may be repeated; default: any that is not empty
  --fault FAULT           KIND, KIND=SHARE or KIND@REQUEST, may be repeated
  --seed NUMBER           decides which requests the shares hit; default 1
  --slow-ms NUMBER        how long a slow reply waits; default 3000

faults:
${Object.entries(FAULT_DESCRIPTIONS)
  .map(([kind, description]) => `  ${kind.padEnd(17)} ${description}`)
  .join('\n')}
`;

function readOptions(): ArchiveServerOptions | undefined {
  const { values } = parseArgs({
    options: {
      host: { type: 'string' },
      port: { type: 'string' },
      data: { type: 'string' },
      clock: { type: 'string' },
      'df-availability': { type: 'string' },
      'api-key': { type: 'string', multiple: true },
      fault: { type: 'string', multiple: true },
      seed: { type: 'string' },
      'slow-ms': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  const whose = values['df-availability'];
  if (whose !== undefined && whose !== 'operator' && whose !== 'eia') {
    throw new BadInputError(`--df-availability cannot be "${whose}".`, 'Give operator or eia.');
  }
  return {
    ...(values.host !== undefined && { host: values.host }),
    ...(values.port !== undefined && { port: wholeNumber('--port', values.port, 65_535) }),
    ...(values.data !== undefined && { dataFolder: values.data }),
    ...(values.clock !== undefined && { clock: values.clock }),
    ...(whose && { dfAvailability: whose }),
    ...(values['api-key'] && { apiKeys: values['api-key'] }),
    faults: parseFaults(values.fault ?? [], {
      ...(values.seed !== undefined && { seed: wholeNumber('--seed', values.seed) }),
      ...(values['slow-ms'] !== undefined && { slowMs: wholeNumber('--slow-ms', values['slow-ms']) }),
    }),
  };
}

function wholeNumber(flag: string, text: string, maximum = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < 0 || value > maximum) {
    throw new BadInputError(`${flag} cannot be "${text}".`, `Give a whole number from 0 to ${maximum}.`);
  }
  return value;
}

/**
 * Says `{"url":…,"port":…}` in one line when it is ready. Ends on SIGTERM or SIGINT, and when whoever started it with
 * a pipe to stdin or an IPC channel is gone, so that a killed supervisor leaves no server behind.
 */
async function main(): Promise<void> {
  const options = readOptions();
  if (!options) {
    process.stdout.write(USAGE);
    return;
  }
  const server = await startArchiveServer(options);
  process.stdout.write(`${JSON.stringify({ url: server.url, port: server.port })}\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    process.once('disconnect', resolve);
    if (isPipe()) process.stdin.once('end', resolve).once('error', resolve).resume();
  });
  await server.close();
  process.exit();
}

function isPipe(): boolean {
  const stdin = fstatSync(0);
  return stdin.isFIFO() || stdin.isSocket();
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
