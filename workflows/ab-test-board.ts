import { setCurrentDetails } from '@temporalio/workflow';
import type {
  ABEnding,
  ABPhase,
  ABRequest,
  ABResult,
  ABTestRecord,
  ABTestStatus,
} from '../src/contracts/ab-test.ts';
import { table } from './markdown.ts';

/** Where a test stands, for the run that it continues as. */
export interface CarriedBoard {
  phase: ABPhase;
  says: string;
  result: ABResult | null;
}

/** What an A/B test shows of itself in the UI and by query. */
export class ABTestBoard {
  phase: ABPhase;
  record: ABTestRecord | null = null;
  private says: string;
  private result: ABResult | null;
  private ending: ABEnding | null = null;
  private readonly test: string;

  constructor(test: string, carried?: CarriedBoard) {
    this.test = test;
    this.phase = carried?.phase ?? 'starting';
    this.says = carried?.says ?? 'It begins.';
    this.result = carried?.result ?? null;
  }

  show(phase: ABPhase, result: ABResult): void {
    this.phase = phase;
    this.result = result;
    this.says = result.says;
  }

  end(ending: ABEnding): void {
    this.phase = 'ended';
    this.says = ending.says;
    this.ending = ending;
  }

  carry(): CarriedBoard {
    const { phase, says, result } = this;
    return { phase, says, result };
  }

  status(requests: readonly ABRequest[]): ABTestStatus {
    const { test, phase, says, record, result, ending } = this;
    const { control = null, treatment = null, endsAt = null } = record ?? {};
    const answersForecasts = phase !== 'ended' && (record?.championGeneration ?? null) !== null;
    const models = { control, treatment, endsAt, answersForecasts };
    return { test, phase, says, ...models, result, ending, requests: [...requests] };
  }

  describe(requests: readonly ABRequest[]): void {
    const { test, phase, says, record, result } = this;
    const until = record && phase !== 'ended' ? `, until ${record.endsAt}` : '';
    const rows = (['control', 'treatment'] as const).map((which) => {
      const { name, version } = record?.[which] ?? { name: '–', version: '–' };
      const arm = result?.[which];
      const cells = arm ? [arm.assigned, arm.units, arm.value === null ? '–' : arm.value.toPrecision(4)] : [];
      return [which, `${name}@${version}`, ...cells.map(String)];
    });
    const head = ['variant', 'model', ...(result ? ['users', 'with an outcome', 'value'] : [])];
    const asked = requests.map(({ at, kind, by, refusal }) => [at, kind, by, refusal ?? 'taken']);
    setCurrentDetails(
      [
        `**A/B test ${test}: ${phase}**${until}`,
        says,
        ...(record ? [table(head, rows)] : []),
        ...(asked.length > 0 ? [table(['at', 'what', 'by', 'answer'], asked)] : []),
      ].join('\n\n'),
    );
  }
}
