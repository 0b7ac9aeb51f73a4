import { z } from 'zod';

/** What every refusal says. */
export const problem = z.strictObject({
  error: z.strictObject({
    kind: z.string().describe('For programs: stays as it is'),
    message: z.string().describe('What is wrong'),
    cure: z.string().describe('What to do about it'),
    requestId: z.string().describe('As in the header x-request-id, and in the log of this process'),
  }),
});

export const index = z.strictObject({
  routes: z.array(z.string()).describe('Such as `GET /ready`'),
  documentation: z.string(),
});

export const health = z.strictObject({ status: z.literal('ok') });

const part = z.strictObject({
  ok: z.boolean(),
  problem: z.string().optional().describe('Why not; told to viewers'),
  models: z.number().int().optional(),
  workers: z.number().int().optional(),
});

export const readiness = z.strictObject({
  ready: z.boolean(),
  home: part.describe('The files of the home can be read; how many models are registered'),
  serving: part.optional().describe('Models of which a version is loaded; absent: this process serves none'),
  temporal: part.describe('Workers ask for work; where models are served predictions do without them'),
});
export type Readiness = z.infer<typeof readiness>;
