import type { Command } from 'commander';
import { ringTrainingInput } from '../../contracts/training.ts';
import { workKey } from '../../lake/canonical.ts';
import { BadInputError } from '../../errors.ts';
import { addCsvFlags, requireNoCsvFlags, trainOnCsv, type CsvFlags } from '../csv-training.ts';
import { resolveDataset } from '../datasets.ts';
import { defineVerb } from '../flags.ts';
import { follow } from '../follow.ts';
import { checkInput } from '../input.ts';
import { perform } from '../session.ts';
import { pairs } from '../table.ts';
import { withTemporal } from '../temporal-session.ts';
import { addTrainingFlags, settingsOf } from '../training-flags.ts';
import { slotLines, trainingProgress } from '../training-view.ts';

/** What a champion was compared on holds the hours to score alone; what a search cut leaves out its validation. */
export const hasTrainingSequences = ({ windows = {}, purpose }: { windows?: object; purpose?: unknown }) =>
  purpose === undefined && Object.values(windows).some((starts: unknown[]) => starts.length > 0);

export function defineTrain(program: Command): void {
  const verb = defineVerb(
    program,
    'train',
    'Train a model on sequences, on a ring of slots; the same work is not done twice.',
    [
      'train --ring-size 4 --budget-minutes 2',
      'train --csv load.csv --time date --target load --horizon 96 --split 0.7/0.1/0.2',
    ],
  ).option('--sequences <uri>', 'a sequences manifest of the home (default: the newest to train on)');
  addTrainingFlags(addCsvFlags(verb)).action(
    perform<CsvFlags & { sequences?: string }>(async (session, { sequences, csv, ...flags }) => {
      if (csv !== undefined) {
        if (sequences === undefined) return trainOnCsv(session, { ...flags, csv });
        throw new BadInputError('--csv and --sequences exclude each other.', 'Give one of them.');
      }
      requireNoCsvFlags(flags);
      const dataset = await resolveDataset(
        await session.home(),
        'sequences',
        sequences,
        hasTrainingSequences,
      );
      const input = checkInput(ringTrainingInput, {
        sequences: dataset,
        settings: checkInput(ringTrainingInput.shape.settings, settingsOf(flags)),
      });
      const place = { purpose: 'train', slots: input.settings.ringSize };
      return withTemporal(session, place, async ({ client }) => {
        const { startTraining } = await import('../../temporal/runs.ts');
        const { ringStatus } = await import('../../temporal/ring-status.ts');
        const { workflowIds } = await import('../../temporal/names.ts');
        const run = await startTraining(client, {
          workflowId: workflowIds.ringTraining(workKey(input)),
          input,
          summary: `Ring training on ${input.settings.ringSize} slots`,
        });
        if (run.attached) session.say(`${run.workflowId} runs already: following it`);
        const result = await follow(session, run.result, async () => {
          const status = await ringStatus(client, run.workflowId);
          session.progress.show(trainingProgress(status), slotLines(status.slots));
        });
        const {
          model,
          reused,
          steps,
          finalLoss,
          tokensPerSecond,
          slotMemoryMb,
          restarts,
          stepsLost,
          wireError,
        } = result;
        const facts = {
          model: model.uri,
          reused,
          steps,
          'final loss': finalLoss,
          restarts,
          'steps lost': stepsLost,
        };
        const machine = {
          'tokens/s': Math.round(tokensPerSecond),
          'MB a slot': slotMemoryMb.map(Math.round).join(', '),
          ...(wireError === undefined ? {} : { rounding: wireError }),
        };
        return { json: result, text: pairs({ ...facts, ...machine }) };
      });
    }),
  );
}
