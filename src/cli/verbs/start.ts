import type { Command } from 'commander';
import { defineVerb } from '../flags.ts';
import { perform } from '../session.ts';
import { addPipelineFlags } from './run.ts';
import type { PipelineFlags } from '../pipeline.ts';

/** What `npm start` is: `run` with the services around it, and `--keep` to leave them up. */
export function defineStart(program: Command): void {
  const verb = defineVerb(
    program,
    'start',
    'The whole job on the shipped record, with the services it needs; what `npm start` runs.',
    ['start --keep'],
  ).option('--keep', 'leave the services up when the job is done');
  addPipelineFlags(verb).action(
    perform<PipelineFlags & { keep?: boolean }>(async (session, { keep, ...flags }) => {
      const { pipelineAnswer, pipelineInputFor, runPipeline } = await import('../pipeline.ts');
      const { withTemporal } = await import('../temporal-session.ts');
      const home = await session.home();
      const input = await pipelineInputFor(home, flags);
      const slots = input.training.ringSize;
      const startedHere = keep ? await keepUp() : false;
      try {
        const answer = await withTemporal(session, { purpose: 'start', slots }, async (place) => {
          const outcome = await runPipeline(session, place, input);
          return pipelineAnswer(outcome, {
            homeRoot: home.root,
            uiUrl: place.uiUrl,
            uiStays: !place.temporary,
          });
        });
        if (startedHere) session.say('the services stay up; `npm run -s ringwatt -- down` stops them');
        return answer;
      } catch (error) {
        if (startedHere) await (await import('../../stack/detach.ts')).stopStack(home);
        throw error;
      }

      /** True when the services were not up before. */
      async function keepUp(): Promise<boolean> {
        const { runningStack } = await import('../../stack/state.ts');
        if (session.config.temporalAddress !== undefined || runningStack(home)) return false;
        const { startDetached } = await import('../../stack/detach.ts');
        await startDetached(home, session.config, {
          slots: Math.max(slots, session.config.slots),
          signal: session.signal,
          say: session.say,
        });
        return true;
      }
    }),
  );
}
