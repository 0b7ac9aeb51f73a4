import { z } from 'zod';
import { regionCode } from '../../contracts/regions.ts';
import { hourStamp } from '../../contracts/time.ts';
import { wholeNumber } from '../input.ts';

/** No model answers more hours than that. */
const MOST_HOURS = 168;

/** In small letters too, as people type addresses. */
const upper = (code: unknown) => (typeof code === 'string' ? code.toUpperCase() : code);

export const forecastPath = z.strictObject({
  region: z.preprocess(upper, regionCode).meta({ examples: ['PACW'] }),
});

export const forecastQuery = z.strictObject({
  horizon: wholeNumber(1, MOST_HOURS)
    .optional()
    .describe('Hours, from the first that is forecast on; default: all that the model answers'),
  issue_time: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3])(:00(:00)?)?Z?$/, {
      error: 'must be a full hour such as 2019-05-17T16 or 2019-05-17T16:00:00Z (UTC)',
      abort: true,
    })
    .superRefine((text, context) => {
      const wrong = hourStamp.safeParse(text.slice(0, 13)).error?.issues[0];
      if (wrong) context.addIssue({ code: 'custom', message: wrong.message });
    })
    .optional()
    .describe(
      'UTC; at the model’s issue hour it answers the next local day with quantiles, at any other the next hours. Default: the newest day ahead',
    ),
  model: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}(@[1-9]\d{0,8})?$/, {
      error: 'must be a registered model’s name, such as day-ahead, or name@version',
    })
    .optional()
    .describe('A registered model, or name@version; default: day-ahead, by whoever answers for it'),
  user: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Who asks: an A/B test and a canary answer a user always alike'),
});

const moment = z.string().describe('ISO 8601');
const hourOf = z.strictObject({
  hour_ending: moment.describe('The hour’s end, UTC'),
  hour_ending_local: moment.describe('The same by the region’s clock, with its offset'),
  lead_hours: z.number().int().describe('From the issue to the hour’s end'),
  mw: z.number().describe('The middle of what is expected'),
  quantiles_mw: z
    .array(z.number())
    .nullable()
    .describe('At `levels`, ascending; null: answered hour by hour, which knows the middle alone'),
  latest_known_mw: z
    .number()
    .nullable()
    .describe('The newest known demand of the same hour of day: what a forecast has to beat'),
});

export const forecastAnswer = z.strictObject({
  id: z.string().describe('Names the forecast: the manifest of the home that holds it'),
  region: regionCode,
  region_name: z.string(),
  time_zone: z.string().describe('Of the region’s clock, by its IANA name'),
  issue_time: moment.describe('UTC'),
  issue_time_local: moment,
  by: z.enum(['day-ahead', 'hourly']),
  unit: z.literal('MW'),
  levels: z.array(z.number()).describe('Of the quantiles; none where it was answered hour by hour'),
  hours: z.array(hourOf),
  horizon_max: z.number().int().describe('Hours that this model answers from this issue'),
  operator_missing: z
    .boolean()
    .describe('The model takes the operator’s own forecast of the day, and there was none yet'),
  model: z.strictObject({
    name: z.string(),
    version: z.number().int(),
    role: z.enum(['named', 'champion', 'canary', 'control', 'treatment']),
    why: z.string().describe('Why this version answered'),
  }),
  rating: z
    .strictObject({ id: z.string(), test: z.string(), url: z.string() })
    .nullable()
    .describe('Where to say how good it was; null: no A/B test asks'),
  request_id: z.string(),
});
export type ForecastAnswer = z.infer<typeof forecastAnswer>;

export const ratingPath = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}:\S{1,200}$/, {
      error: 'must be the name of an A/B test and a request that it dealt, a colon between',
    })
    .describe('As the forecast, or the prediction, named it: the test and the request, a colon between'),
});

export const ratingBody = z.strictObject({
  rating: z.number().min(1).max(5).describe('1: bad, 5: good'),
});

export const ratingAnswer = z.strictObject({
  test: z.string(),
  request: z.string(),
  taken: z.boolean().describe('False: it was rated before, and the first rating counts'),
});
