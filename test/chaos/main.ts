import { failureLine } from '../../src/temporal/failures.ts';
import { chaos, type ChaosReport } from './chaos.ts';
import { parseOptions, USAGE } from './options.ts';

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
    const report = await chaos(options, (line) => process.stderr.write(`${line}\n`), interrupted.signal);
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : asText(report));
    return report.holds ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return INTERRUPTED;
  }
}

function asText({
  kills,
  stepsLost,
  fullRestarts,
  restarts,
  hashes,
  complaints,
  leftOut,
}: ChaosReport): string {
  return [
    `kills          ${kills}`,
    `rings again    ${restarts}`,
    `steps again    ${stepsLost}`,
    `full restarts  ${fullRestarts}`,
    `undisturbed    ${hashes.undisturbed}`,
    `disturbed      ${hashes.disturbed}`,
    ...leftOut.map((line) => `left out       ${line}`),
    ...(complaints.length > 0 ? complaints : ['the same weights']),
    '',
  ].join('\n');
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`chaos: ${failureLine(error)}\n`);
    process.exit(1);
  },
);
