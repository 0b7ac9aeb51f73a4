import {
  LEARNING_PHASES,
  type LearningPhase,
  type LearningResult,
  type LearningStatus,
} from '../src/contracts/learning.ts';
import { StageTable, type LineOf } from './stage-table.ts';

/** What a learning run shows of itself: its phases, and in the end why it ended as it did. */
export class LearningBoard extends StageTable<LearningPhase> {
  private readonly model: string;
  private asOf: string | null = null;
  private result: LearningResult | null = null;

  constructor(model: string, asOf: string | undefined) {
    super(model, LEARNING_PHASES);
    this.model = model;
    this.asOf = asOf ?? null;
  }

  standFor(asOf: string): void {
    this.asOf = asOf;
  }

  /** What is left of the phases is not come to. */
  close(result: LearningResult): void {
    this.result = result;
    for (const { stage, state } of this.lines) if (state === 'waiting') this.skip(stage);
    this.closeWith(`**${result.outcome}**: ${result.reason}`);
  }

  /** The phase that the run broke at. */
  get failed(): LearningPhase | null {
    return this.lines.find(({ state }) => state === 'failed')?.stage ?? null;
  }

  status(): LearningStatus {
    const { model, asOf, running: phase, lines: phases, result } = this;
    return { model, asOf, phase, phases, result };
  }

  protected where(running: LearningPhase | null): string {
    const at = running ? `at ${running}` : this.result ? this.result.outcome : 'between phases';
    return this.asOf ? `${at}, as of ${this.asOf}` : at;
  }

  protected takesTime({ state }: LineOf<LearningPhase>): boolean {
    return state === 'done' || state === 'reused' || state === 'failed';
  }
}
