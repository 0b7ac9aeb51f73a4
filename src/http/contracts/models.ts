import { z } from 'zod';
import { sha256Hex } from '../../contracts/artifact.ts';
import { approvalRequest } from '../../contracts/learning.ts';
import {
  canaryRequest,
  canaryStatus,
  championRecord,
  endCanaryRequest,
  lifecycleEvent,
  promoteRequest,
  rollbackRequest,
} from '../../contracts/lifecycle.ts';
import { modelName, regionScore } from '../../contracts/stages.ts';
import { STATES, type State } from '../../serving/model-config.ts';
import { DTYPES, type Dtype } from '../../serving/tensor.ts';

/** A caller names itself, not the door it came through, nor how sure the door is of it. */
const ofTheDoor = { from: true, voucher: true } as const;
export const promoteBody = promoteRequest.omit(ofTheDoor);
export const rollbackBody = rollbackRequest.omit(ofTheDoor);
export const canaryBody = canaryRequest.omit(ofTheDoor);
export const endCanaryBody = endCanaryRequest.omit(ofTheDoor);
export const approvalBody = approvalRequest.omit(ofTheDoor);

/** Of a promotion or rollback. */
export const championEvent = lifecycleEvent.extend({
  regionsLost: z
    .array(z.string())
    .optional()
    .describe('Regions without a forecast from now on: the version before knew them'),
});

export const byName = z.strictObject({
  name: modelName.describe('A registered model').meta({ examples: ['day-ahead'] }),
});

const listedVersion = z.strictObject({
  version: z.number().int(),
  sha256: sha256Hex.nullable(),
  createdAt: z.string().nullable().describe('When it was registered, ISO 8601'),
  scores: z.array(regionScore).describe('Errors in percent and MW, of the model and of its baselines'),
  scoredOn: z
    .strictObject({
      regions: z.array(z.string()),
      from: z.string().nullable(),
      to: z.string().nullable(),
      hours: z.number().int(),
    })
    .nullable()
    .describe('The hours that its scores are of'),
  damaged: z.string().nullable().describe('What is wrong with its record'),
});

const listing = z.strictObject({
  name: modelName,
  champion: championRecord.nullable(),
  canary: canaryStatus.nullable(),
  versions: z.array(listedVersion),
});

export const modelList = z.strictObject({ models: z.array(listing) });
export const modelDetails = listing.extend({
  events: z.array(lifecycleEvent).describe('The newest first, at most 50'),
});

const port = z.strictObject({
  name: z.string(),
  dtype: z.enum(Object.keys(DTYPES) as [Dtype, ...Dtype[]]),
  shape: z.array(z.number().int()).nullable().describe('-1: any size; null: any rank'),
});

const servedVersion = z.strictObject({
  version: z.number().int(),
  state: z.enum(Object.keys(STATES) as [State, ...State[]]),
  labels: z.array(z.string()),
  problem: z.string().optional().describe('Why it is not loaded'),
});

export const infoQuery = z.strictObject({
  model_name: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('A served model; may be left out where there is one')
    .meta({ examples: ['consumption_forecasting'] }),
});

export const modelInfo = z.strictObject({
  name: z.string(),
  version: z.number().int().nullable().describe('Who answers a call that names none; null: nobody can'),
  versions: z.array(servedVersion).describe('The newest first'),
  labels: z.record(z.string(), z.number().int()).describe('Which version each label leads to'),
  signatures: z
    .record(z.string(), z.strictObject({ method: z.string(), inputs: z.array(port), outputs: z.array(port) }))
    .describe('Of the version that answers'),
  record: listedVersion
    .extend({
      learntFrom: z.strictObject({ from: z.string(), to: z.string() }).nullable(),
      regions: z.array(z.string()),
      sequenceLength: z.number().int().describe('Hours of history that it looks back on'),
      champion: z.boolean(),
    })
    .nullable()
    .describe('What the registry has of that version; null of a model that was not registered here'),
});
export type ModelInfo = z.infer<typeof modelInfo>;
