import { runProgram } from '../../src/cli/program.ts';
import { chaos } from './chaos.ts';
import { parseOptions, USAGE } from './options.ts';

await runProgram({
  name: 'chaos',
  usage: USAGE,
  parse: parseOptions,
  run: chaos,
  lines: ({ kills, stepsLost, fullRestarts, restarts, hashes, complaints, leftOut }) => [
    `kills          ${kills}`,
    `rings again    ${restarts}`,
    `steps again    ${stepsLost}`,
    `full restarts  ${fullRestarts}`,
    `undisturbed    ${hashes.undisturbed}`,
    `disturbed      ${hashes.disturbed}`,
    ...leftOut.map((line) => `left out       ${line}`),
    ...(complaints.length > 0 ? complaints : ['the same weights']),
  ],
  succeeded: ({ holds }) => holds,
});
