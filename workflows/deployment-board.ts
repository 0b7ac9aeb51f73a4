import { setCurrentDetails } from '@temporalio/workflow';
import type { JobOutcome } from '../src/contracts/jobs.ts';
import type { DeploymentPhase, DeploymentRequest, DeploymentStatus } from '../src/contracts/learning.ts';
import type { LearningClock } from './learning-clock.ts';
import { table } from './markdown.ts';

/** Where a deployment stands, for the run that it continues as. */
export interface CarriedBoard {
  phase: DeploymentPhase;
  since: string;
  says: string;
}

/** What a deployment shows of itself in the UI and by query. */
export class DeploymentBoard {
  phase: DeploymentPhase;
  private since: string;
  private says: string;
  private outcome: JobOutcome | null = null;
  private readonly model: string;
  private readonly version: number;
  private readonly clock: LearningClock;

  constructor(model: string, version: number, clock: LearningClock, carried?: CarriedBoard) {
    this.model = model;
    this.version = version;
    this.clock = clock;
    this.phase = carried?.phase ?? 'approval';
    this.since = carried?.since ?? clock.iso;
    this.says = carried?.says ?? 'It begins.';
  }

  enter(phase: DeploymentPhase, says: string): void {
    if (phase !== this.phase) this.since = this.clock.iso;
    this.phase = phase;
    this.says = says;
  }

  close(outcome: JobOutcome, reason: string): void {
    this.enter('closed', reason);
    this.outcome = outcome;
  }

  carry(): CarriedBoard {
    const { phase, since, says } = this;
    return { phase, since, says };
  }

  status(requests: readonly DeploymentRequest[]): DeploymentStatus {
    const { model, version, phase, since, says, outcome } = this;
    return { model, version, phase, since, says, outcome, requests: [...requests] };
  }

  describe(requests: readonly DeploymentRequest[]): void {
    const { model, version, phase, since, says, outcome, clock } = this;
    const rows = requests.map(({ at, kind, by, refusal }) => [at, kind, by, refusal ?? 'taken']);
    const head = `**${model}, version ${version}: ${outcome ?? phase}** since ${since}${clock.isExplicit ? `, as of ${clock.stamp}` : ''}`;
    setCurrentDetails(
      [head, says, ...(rows.length > 0 ? [table(['at', 'what', 'by', 'answer'], rows)] : [])].join('\n\n'),
    );
  }
}
