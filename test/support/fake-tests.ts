import {
  durationHours,
  type ABChangeInput,
  type ABJudgeInput,
  type ABLook,
  type ABOutcome,
  type ABResult,
  type ABStartInput,
  type ABTestRecord,
} from '../../src/contracts/ab-test.ts';

const arm = (units: number) => ({ assigned: units, units, outcomes: units, value: null });

/** An A/B test in memory, which says of itself what it is told to. */
export class FakeTests {
  record: ABTestRecord | null = null;
  outcomes: ABOutcome[] = [];
  says: Partial<ABResult> = {};
  interrupted: string | null = null;

  readonly table = {
    startABTest: ({ config, by, at }: ABStartInput): ABTestRecord => {
      const tested = (model: string) => {
        const [name = '', version = '1'] = model.split('@');
        return { name, version: Number(version), sha256: version.repeat(64).slice(0, 64) };
      };
      const hours = durationHours(config.max_duration);
      this.record ??= {
        ...{ formatVersion: 1, config, startedAt: at, startedBy: by, ending: null },
        ...{ control: tested(config.control_model), treatment: tested(config.treatment_model) },
        championGeneration: 1,
        endsAt: new Date(Date.parse(at) + 3_600_000 * hours).toISOString(),
      };
      return this.record;
    },
    judgeABTest: ({ outcomes }: ABJudgeInput): ABLook => {
      this.outcomes.push(...outcomes);
      return {
        account: { taken: outcomes.length, repeated: 0, refused: 0, refusals: [] },
        result: this.result(),
        interrupted: this.interrupted,
      };
    },
    changeABTest: ({ endsAt, ending }: ABChangeInput): ABTestRecord => {
      const record = this.record!;
      if (!record.ending)
        this.record = { ...record, endsAt: endsAt ?? record.endsAt, ending: ending ?? null };
      return this.record!;
    },
  };

  private result(): ABResult {
    return {
      control: arm(9 * this.outcomes.length),
      treatment: arm(this.outcomes.length),
      effect: null,
      pValue: 1,
      information: 0,
      missing: 100,
      sampleRatio: { expected: 0.1, observed: 0.1, pValue: 1, broken: false },
      decision: 'continue',
      decidedAt: null,
      says: 'Go on.',
      ...this.says,
    };
  }
}
