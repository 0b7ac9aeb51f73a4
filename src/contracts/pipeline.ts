import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { DISTINCT_REGIONS, regionCodes } from './regions.ts';
import { HORIZON_HOURS, PRESET_SEQUENCE_HOURS, sequenceHours, spellHours } from './sequence-length.ts';
import { fitSettings, weighingDays } from './forecasters.ts';
import { modelName, regionScore, sequencesInput } from './stages.ts';
import { dateBound, dateRange, firstHourOf, HOUR_SECONDS, hourStamp, lastHourOf } from './time.ts';
import { trainingSettings, warmStart } from './training.ts';

const TRAIN = { from: '2015-07', to: '2017' };
const SCORE = { from: '2018', to: '2018' };

const rolling = z.strictObject({
  scoreDays: z.number().int().min(7).max(3660).default(365),
  trainDays: z.number().int().min(30).max(36_600).default(913),
});
export type Rolling = z.infer<typeof rolling>;

const pipelineFields = z.strictObject({
  model: modelName.default('day-ahead').describe('The name under which the result is registered'),
  regions: regionCodes.default(DISTINCT_REGIONS),
  from: dateBound.optional().describe('First hours to ingest; default: all the source has'),
  to: dateBound.optional(),
  train: dateRange.optional().describe('Default: 2015-07 to 2017'),
  score: dateRange.optional().describe('Default: 2018'),
  rolling: rolling
    .optional()
    .describe(
      'Instead of train and score: score the last days of the record that every region has demand of, train on those before',
    ),
  sequenceLength: sequenceHours.optional().describe('Hours; default by preset'),
  inputs: sequencesInput.shape.inputs,
  training: trainingSettings.default(trainingSettings.parse({})),
  fit: fitSettings
    .prefault({})
    .describe('The forecasters that are fitted beside the network, and how they are weighed'),
  grid: artifactReference
    .optional()
    .describe('A grid manifest of the home to take as the record; default: ingest it from the source'),
  asOf: hourStamp
    .optional()
    .describe(
      'UTC; the record as known then: nothing later, and what came late counts from its time by rule. Default: each row sees what was known at its own time',
    ),
  goOnFrom: warmStart
    .optional()
    .describe(
      'The network goes on from these weights, its inputs scaled as theirs were; default: from the seed',
    ),
  refit: z
    .boolean()
    .default(false)
    .describe(
      'Register what was scored after another fit of its members on all that is known by the end of the scored hours',
    ),
  report: z.boolean().default(true),
  promote: z
    .enum(['if-better', 'always', 'never'])
    .default('if-better')
    .describe(
      'if-better: beats every persistence baseline in every region, and the champion where there is one',
    ),
});

/** The main job's input: `{}` is a whole job. Where it is not `rolling` it comes out with `train` and `score`. */
export const pipelineInput = pipelineFields
  .superRefine(({ rolling: days, train, score }, context) => {
    const given = Object.entries({ train, score }).flatMap(([name, range]) => (range ? [name] : []));
    if (!days || given.length === 0) return;
    const message = `the record's end decides what is trained on and scored: leave out ${given.join(' and ')}, or rolling`;
    context.addIssue({ code: 'custom', path: ['rolling'], message });
  })
  .superRefine(({ rolling: days, grid }, context) => {
    if (!days || !grid) return;
    const message = 'what is ingested decides on the days: leave out grid, or name train and score';
    context.addIssue({ code: 'custom', path: ['grid'], message });
  })
  .superRefine(({ from, to, train, score }, context) => {
    for (const [name, range] of Object.entries({ '': { from, to }, train, score })) {
      if (!range?.from || !range.to || firstHourOf(range.from) <= lastHourOf(range.to)) continue;
      const path = [...(name ? [name] : []), 'to'];
      const message = `the period ends (${range.to}) before it starts (${range.from}): swap the two`;
      context.addIssue({ code: 'custom', path, message });
    }
  })
  .superRefine(({ rolling: days, train = TRAIN, sequenceLength, training, fit }, context) => {
    const whole = days
      ? 24 * days.trainDays
      : (lastHourOf(train.to) - firstHourOf(train.from)) / HOUR_SECONDS + 1;
    const kept = weighingDays(whole / 24, fit);
    const hours = whole - 24 * kept;
    const length = sequenceLength ?? PRESET_SEQUENCE_HOURS[training.preset];
    if (hours <= 0 || hours >= length + HORIZON_HOURS) return;
    const period = days ? `the ${days.trainDays} days` : `${train.from} to ${train.to}`;
    const without = kept > 0 ? ` but for the last ${kept} days, on which the network is weighed` : '';
    const message = `${spellHours(length)} and the ${HORIZON_HOURS} to predict after them do not fit into the ${spellHours(hours)} to train on (${period}${without}): train on more, or ask for shorter sequences`;
    context.addIssue({ code: 'custom', path: ['sequenceLength'], message });
  })
  .transform((input) =>
    input.rolling ? input : { ...input, train: input.train ?? TRAIN, score: input.score ?? SCORE },
  );
export type PipelineInput = z.infer<typeof pipelineInput>;

export const PIPELINE_STAGES = [
  'ingest',
  'validate',
  'features',
  'sequences',
  'train',
  'fit',
  'backtest',
  'register',
  'promote',
  'report',
] as const;
export type PipelineStage = (typeof PIPELINE_STAGES)[number];

export const pipelineResult = z.strictObject({
  model: z.strictObject({
    name: modelName,
    version: z.number().int(),
    champion: z.boolean(),
    reused: z.boolean(),
  }),
  promotion: z.string().describe('What was decided, and why'),
  scores: z.array(regionScore),
  report: artifactReference.nullable().describe('null where the run was told to write none'),
  /** What was scored; the version itself where it was not fitted again since. */
  scored: artifactReference.optional(),
  stages: z.array(
    z.strictObject({
      stage: z.enum(PIPELINE_STAGES),
      seconds: z.number(),
      reused: z.boolean(),
      facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    }),
  ),
});
export type PipelineResult = z.infer<typeof pipelineResult>;
