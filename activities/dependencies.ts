import type { StageRunner } from '../src/stages/runner.ts';

/** What activities are given when a worker starts; they reach for nothing else. */
export interface ActivityDependencies {
  run: StageRunner;
  /** How often a running activity says that it lives, in milliseconds. */
  heartbeatMs: number;
  /** How long a ring that may shrink waits for a spare slot, in milliseconds. */
  elasticPatienceMs: number;
}
