import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtest } from '../../src/backtest/stage.ts';
import { Home } from '../../src/lake/home.ts';
import { registerModel } from '../../src/registry/stage.ts';
import { contextOf } from '../backtest/sample-home.ts';
import { trainedHome, writeModel } from '../backtest/trained-home.ts';

/** One network scored to each of these days: its versions are several, and answer alike. */
export async function homeWithNetwork(name: string, scoredTo: readonly string[]): Promise<Home> {
  const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
  const context = contextOf(home);
  const { sequences } = await trainedHome(context);
  const model = await writeModel(context, sequences, { issueHead: true });
  for (const to of scoredTo) {
    const score = { from: '2019-03-29', to };
    const { dataset } = await backtest(context, { model, sequences, score, issueHourLocal: 10 });
    await registerModel(context, { name, model, backtest: dataset });
  }
  return home;
}
