import { z } from 'zod';

/** Which version answers, beside the model's name; of a label and a version only one. */
const choice = {
  model_name: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('A served model; may be left out where there is one'),
  signature_name: z.string().min(1).max(200).optional().describe('Default: serving_default'),
  version: z.number().int().nonnegative().optional().describe('Default: whoever answers for the model'),
  label: z.string().min(1).max(200).optional().describe('Such as stable or canary; not beside a version'),
  user: z.string().min(1).max(200).optional().describe('Who asks: an A/B test answers a user always alike'),
};

const data = z
  .union([z.array(z.unknown()), z.record(z.string(), z.unknown())])
  .describe(
    'Rows: a list with an item for each, plain where the model has one input (`[[1.0, 2.0]]` is one row of two values), else an object of its inputs by name. Or columns: an object with the whole tensor of each input by its name. GET /model/info has the names, types and shapes.',
  );

/** What stands beside the data; the data themselves are read by the signature. */
export const predictFields = z.strictObject(choice);
export const predictBody = predictFields.extend({ data });

export const batchBody = (most: number) =>
  predictFields.extend({
    data: z
      .array(data)
      .min(1)
      .max(most)
      .describe(`Requests of their own, as \`data\` of /predict each; at most ${most}`),
  });

export const prediction = z.strictObject({
  predictions: z
    .unknown()
    .describe(
      'As the data lay: for rows a list with an item for each, an object by name where there are several outputs; for columns each output whole',
    ),
  model: z.strictObject({
    name: z.string(),
    version: z.number().int().describe('Who answered'),
    label: z.string().optional(),
  }),
  cached: z.boolean().describe('The same was asked of the same version shortly before'),
  request_id: z.string(),
  ab_test: z
    .strictObject({
      test: z.string(),
      variant: z.enum(['control', 'treatment']),
      request: z.string(),
      rating_id: z.string().describe('For POST /forecasts/{id}/rating'),
    })
    .optional()
    .describe('The A/B test that dealt this call'),
});

const failure = z.strictObject({
  error: z.strictObject({ kind: z.string(), message: z.string(), cure: z.string() }),
});

export const batchAnswer = z.strictObject({
  results: z.array(z.union([prediction, failure])).describe('In the order of the data'),
  failed: z.number().int().describe('How many of them are errors'),
  request_id: z.string(),
});
