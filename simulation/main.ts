import { runProgram } from '../src/cli/program.ts';
import { parseOptions, USAGE } from './options.ts';
import { simulateYear } from './year.ts';

await runProgram({
  name: 'simulate',
  usage: USAGE,
  parse: parseOptions,
  run: simulateYear,
  lines: ({ retrains, alerts, mape, hours, minutes, page }) => [
    `retrains   ${retrains.run} trained, ${retrains.skipped} skipped, ${retrains.refused} refused, ${retrains.rolledBack} rolled back, ${retrains.failed} failed`,
    `alerts     ${alerts.sent} notices sent; absent work ${alerts.absentWork}`,
    `MAPE       ${mape.continuous} % kept fresh, ${mape.frozen} % left alone (${hours} hours)`,
    `time       ${minutes} minutes`,
    `page       ${page}`,
  ],
  succeeded: () => true,
});
