import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { writeContent, writeManifest } from '../../src/lake/artifacts.ts';
import { workKey } from '../../src/lake/canonical.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { runBacktest } from '../../src/backtest/backtest.ts';
import { forecasterOf, sampleHome, type SampleHome } from '../backtest/sample-home.ts';
import { firstHourOf, HOUR_SECONDS, lastHourOf } from '../../src/contracts/time.ts';

const PERIODS = { train: { from: '2018-01', to: '2018-02' }, score: { from: '2018-03', to: '2018-03' } };
const FIRST = firstHourOf('2018-01');
const HOURS = (lastHourOf('2018-03') - FIRST) / HOUR_SECONDS + 1;

/** A sample home whose model has been backtested, ready to be registered and reported. */
export async function scoredSample(
  context: StageContext,
): Promise<SampleHome & { backtest: ArtifactReference }> {
  const demand = Float32Array.from(
    { length: HOURS },
    (_, i) => 2000 * (1 + 0.2 * Math.sin((2 * Math.PI * i) / 24) + 0.1 * Math.sin(i / 27)),
  );
  demand.fill(Number.NaN, 300, 310);
  const operator = demand.map((mw) => mw * 1.04);
  const sample = await sampleHome(context, { PACW: { firstHour: FIRST, demand, operator } }, PERIODS);
  const { model, sequences } = sample;
  const input = { model, sequences, score: PERIODS.score, issueHourLocal: 10 };
  const { scores, hours } = await runBacktest(
    context,
    input,
    forecasterOf(['PACW'], () => 0.001),
    'sample',
  );
  const backtest = await backtestManifest(context, sample, [
    { ...scores, role: 'scores' },
    { ...hours, role: 'hours' },
  ]);
  return { ...sample, backtest };
}

/** Another backtest of the same model: the same scores told by other bytes. */
export async function rescored(
  context: StageContext,
  sample: SampleHome & { backtest: ArtifactReference },
  note: string,
): Promise<ArtifactReference> {
  const scores = await writeContent(
    context.home,
    'backtests/other',
    'json',
    JSON.stringify({ protocol: { ...PERIODS, note }, regions: [] }),
  );
  return backtestManifest(context, sample, [{ ...scores, role: 'scores' }]);
}

function backtestManifest(
  { home }: StageContext,
  { model, sequences }: SampleHome,
  files: (ArtifactReference & { role: string })[],
): Promise<ArtifactReference> {
  return writeManifest(home, {
    formatVersion: 1,
    kind: 'backtest',
    key: workKey(files),
    madeBy: { stage: 'backtest', version: 1, settings: {} },
    inputs: [model, sequences],
    files,
    rows: 744,
    details: {},
  });
}
