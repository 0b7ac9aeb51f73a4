import type { JobRecord } from '../src/contracts/jobs.ts';

export interface YearResult {
  region: string;
  weeks: number;
  retrains: { run: number; skipped: number; refused: number; rolledBack: number; failed: number };
  alerts: { sent: number; absentWork: number };
  mape: { frozen: number; continuous: number };
  /** Hours that both are scored on. */
  hours: number;
  minutes: number;
  page: string;
}

/** `run` counts what was trained, whatever came of it. */
export function countRetrains(jobs: readonly JobRecord[]): YearResult['retrains'] {
  const retrains = jobs.filter(({ job }) => job === 'retrain');
  const deployments = jobs.filter(({ job }) => job === 'deployment');
  const of = (records: readonly JobRecord[], outcome: JobRecord['outcome']) =>
    records.filter((record) => record.outcome === outcome).length;
  return {
    run: retrains.filter(({ version }) => version !== null).length,
    skipped: of(retrains, 'skipped'),
    refused: of(retrains, 'refused') + of(deployments, 'refused'),
    rolledBack: of(deployments, 'rolled-back'),
    failed: of(retrains, 'failed'),
  };
}
