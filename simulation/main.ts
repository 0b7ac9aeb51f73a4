import { failureLine } from '../src/temporal/failures.ts';
import { parseOptions, USAGE } from './options.ts';
import type { YearResult } from './result.ts';
import { simulateYear } from './year.ts';

/** The exit code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

async function main(): Promise<number> {
  const { json, help, ...options } = parseOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
  try {
    const result = await simulateYear(
      options,
      (line) => process.stderr.write(`${line}\n`),
      interrupted.signal,
    );
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : asText(result));
    return 0;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return INTERRUPTED;
  }
}

function asText({ retrains, alerts, mape, hours, minutes, page }: YearResult): string {
  return [
    `retrains   ${retrains.run} trained, ${retrains.skipped} skipped, ${retrains.refused} refused, ${retrains.rolledBack} rolled back, ${retrains.failed} failed`,
    `alerts     ${alerts.sent} notices sent; absent work ${alerts.absentWork}`,
    `MAPE       ${mape.continuous} % kept fresh, ${mape.frozen} % left alone (${hours} hours)`,
    `time       ${minutes} minutes`,
    `page       ${page}`,
    '',
  ].join('\n');
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`simulate: ${failureLine(error)}\n`);
    process.exit(1);
  },
);
