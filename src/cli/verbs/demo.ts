import type { Command } from 'commander';
import { BadInputError } from '../../errors.ts';
import { defineVerb } from '../flags.ts';
import { perform } from '../session.ts';

export function defineDemo(program: Command): void {
  defineVerb(
    program,
    'demo <what>',
    'Show a part at work on the shipped record: `demo features`, sizes, categories and memory.',
    ['demo features'],
  ).action(
    perform(async (_session, _options, [what]) => {
      if (what !== 'features')
        throw new BadInputError(`There is no demo of "${what}".`, 'There is: features.');
      const { describeFeaturesDemo, runFeaturesDemo } = await import('../../demo/features.ts');
      const demo = await runFeaturesDemo();
      return { json: demo, text: describeFeaturesDemo(demo) };
    }),
  );
}
