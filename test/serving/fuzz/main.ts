import { runProgram } from '../../../src/cli/program.ts';
import { campaign } from './campaign.ts';
import { parseOptions, USAGE } from './options.ts';
import { startTarget } from './target.ts';

await runProgram({
  name: 'fuzz',
  usage: USAGE,
  parse: parseOptions,
  async run(options, say, signal) {
    await using served = await startTarget();
    // Not without waiting: the server is there until this returns.
    return await campaign(served, options, say, signal);
  },
  lines: ({ cases, families, failures, good, slow, held, sameProcesses, leaked, holds }) => [
    `cases          ${cases} of ${families} families, ${failures.length} answered as they should not be`,
    `right ones     ${good.asked} rounds in between, ${good.wrong.length} answered wrongly`,
    `slow clients   ${slow.opened}, ${slow.leftOpen.length} not cut off`,
    ...(held
      ? [
          `memory         ${held.middle.megabytes} MiB in the middle, ${held.end.megabytes} MiB at the end`,
          `open files     ${held.middle.files} in the middle, ${held.end.files} at the end`,
        ]
      : []),
    `processes      ${sameProcesses ? 'those of the beginning' : 'not those of the beginning'}`,
    `in its logs    ${leaked.length === 0 ? 'no payload and no key' : leaked.join('; ')}`,
    holds ? 'holds' : 'does not hold',
  ],
  succeeded: ({ holds }) => holds,
});
