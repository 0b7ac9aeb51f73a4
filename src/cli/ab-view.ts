import type { ABAccount, ABResult, ABTestConfig, ABTestRecord } from '../contracts/ab-test.ts';
import { thresholdKind } from '../contracts/ab-test.ts';
import type { Plan, SampleSize } from '../ab-test/plan.ts';
import { amount, small } from '../ab-test/recommendation.ts';
import { pairs, table } from './table.ts';

export function planLines(config: ABTestConfig, plan: Plan | null): string[] {
  const { success_metric: metric, success_threshold: threshold, alpha, power } = config;
  const head = `to find ${metric} better by ${amount(config, threshold)} (${thresholdKind(config)}) with a chance of ${power}, and to see none where none is with one of ${Number((1 - alpha).toPrecision(12))}`;
  if (!plan) {
    return [
      head,
      `How many users that takes depends on how ${metric} varies: give --baseline and --baseline-sd.`,
    ];
  }
  const size = ({ users, control, treatment, days }: SampleSize) => [
    ...[users, control, treatment].map(String),
    days === null ? '–' : days.toFixed(1),
  ];
  const lines = [
    head,
    '',
    table(
      ['users with an outcome', 'all', 'control', 'treatment', 'days'],
      [
        ['looked at at any time', ...size(plan.sequential)],
        ['looked at once, at its end', ...size(plan.fixed)],
      ],
    ),
    '',
    plan.assumes,
  ];
  if (plan.within) {
    const { users, minimumDetectableEffect: least } = plan.within;
    const found = least === null ? 'no improvement' : `${amount(config, least)} at least`;
    lines.push(`Within ${config.max_duration} come ${users} users: they find ${found}.`);
  }
  return lines;
}

export function resultLines(record: ABTestRecord, result: ABResult): string[] {
  const { config, ending } = record;
  const { effect, sampleRatio, pValue } = result;
  const row = (which: 'control' | 'treatment') => {
    const { name, version } = record[which];
    const { assigned, units, outcomes, value } = result[which];
    const shown = value === null ? '–' : String(Number(value.toPrecision(5)));
    return [`${which} ${name}@${version}`, ...[assigned, units, outcomes].map(String), shown];
  };
  return [
    `${config.test_name}: ${ending ? `ended ${ending.at}` : `runs until ${record.endsAt}`}`,
    ending ? ending.says : result.says,
    '',
    table(
      ['', 'users', 'with an outcome', 'outcomes', config.success_metric],
      [row('control'), row('treatment')],
    ),
    '',
    pairs({
      improvement: effect
        ? `${amount(config, effect.estimate)} (${amount(config, effect.low)} to ${amount(config, effect.high)}, ${effect.kind})`
        : '–',
      'p, at any time': small(pValue),
      'sample ratio': `${sampleRatio.observed === null ? '–' : sampleRatio.observed.toFixed(4)} of ${sampleRatio.expected} (p ${small(sampleRatio.pValue)}${sampleRatio.broken ? ', broken' : ''})`,
    }),
  ];
}

export function accountLines(name: string, { taken, repeated, refused, refusals }: ABAccount): string[] {
  return [
    `${name}: ${taken} taken, ${repeated} there already, ${refused} refused`,
    ...refusals.map(({ request, reason }) => `  ${request}: ${reason}`),
  ];
}
