import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { backtest, forecast } from '../src/backtest/stage.ts';
import { loadConfig } from '../src/config/config.ts';
import { Home } from '../src/lake/home.ts';
import { readChampion } from '../src/registry/champion.ts';
import { registerModel } from '../src/registry/stage.ts';
import type { StackState } from '../src/stack/state.ts';
import { silentLogger, type StageContext } from '../src/stages/context.ts';
import { connect } from '../src/temporal/connection.ts';
import { rollbackSignal } from '../src/temporal/messages.ts';
import { workflowIds } from '../src/temporal/names.ts';
import { promoteVersion, rollbackChampion } from '../src/temporal/runs.ts';
import { REGION, SCORE, trainedHome } from '../test/backtest/trained-home.ts';
import { placeAt } from './accuracy/verb.ts';
import { median, type BenchOptions, type Measure } from './measure.ts';

export const name = 'rollback';

const MODEL = 'day-ahead';
const MOST_SECONDS = 2;
const REPEATS = 5;
const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

/**
 * From asking for a rollback, through each door, to the first forecast that the version before has answered: real
 * services, real files, and a process that forecasts as serving will, warm, one call after the other.
 */
export async function run({ say }: BenchOptions): Promise<Measure[]> {
  const root = await mkdtemp(join(tmpdir(), 'ringwatt-rollback-'));
  const place = placeAt(root, say);
  const home = await Home.open(root);
  const config = loadConfig({}, { environment: {} });
  const context: StageContext = {
    ...{ home, config, signal: new AbortController().signal, progress() {}, log: silentLogger },
  };
  try {
    await twoVersions(context);
    const { temporal } = await place.verb<StackState>('up', '--detach', '--slots', '1');
    const { client, connection } = await connect({
      temporalAddress: temporal.address,
      temporalNamespace: temporal.namespace,
    });
    const door = await serve(root);
    const ask: Record<string, () => Promise<unknown>> = {
      'an update': () => rollbackChampion(client, MODEL, { by: 'bench' }),
      'a signal': () =>
        client.workflow.getHandle(workflowIds.model(MODEL)).signal(rollbackSignal, { by: 'bench' }),
      HTTP: () => post(`${door.url}/models/${MODEL}/rollback`),
      'the command line': () => place.verb('rollback', MODEL),
    };
    try {
      await promoteVersion(client, MODEL, { version: 1 });
      await answering(context, 1);
      const measures: Measure[] = [];
      for (const [through, rollBack] of Object.entries(ask)) {
        const seconds: number[] = [];
        for (let i = 0; i < REPEATS; i++) {
          await promoteVersion(client, MODEL, { version: 2 });
          await answering(context, 2);
          const started = performance.now();
          const asked = rollBack();
          await answering(context, 1);
          seconds.push((performance.now() - started) / 1000);
          await asked;
        }
        say(`${through}: ${seconds.map((each) => each.toFixed(2)).join(', ')} s`);
        measures.push(within(`rollback by ${through}, to the first forecast by the version before`, seconds));
      }
      return measures;
    } finally {
      door.close();
      await connection.close();
    }
  } finally {
    await place.verb('down').catch(() => {});
    await rm(root, { recursive: true, force: true });
  }
}

/** Scored twice, a model is two versions. */
async function twoVersions(context: StageContext): Promise<void> {
  const { model, sequences } = await trainedHome(context);
  for (const issueHourLocal of [10, 11]) {
    const scored = await backtest(context, { model, sequences, score: SCORE, issueHourLocal });
    await registerModel(context, { name: MODEL, model, backtest: scored.dataset });
  }
}

/** Forecasts, one after the other, until this version answers. */
async function answering(context: StageContext, version: number): Promise<void> {
  for (;;) {
    const champion = await readChampion(context, { name: MODEL });
    if (champion?.version === version) {
      const { model } = await forecast(context, { name: MODEL, regions: [REGION] });
      if (model.version === version) return;
    }
    await sleep(2);
  }
}

async function serve(root: string): Promise<{ url: string; close(): void }> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--home', root, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const { url } = JSON.parse(chunk as string) as { url: string };
    return { url, close: () => void child.kill('SIGTERM') };
  }
  throw new Error('serve ended before it listened');
}

async function post(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(url, { method: 'POST', headers, body: '{"by":"bench"}' });
  if (!reply.ok) throw new Error(`${url}: ${reply.status} ${await reply.text()}`);
}

function within(measure: string, seconds: number[]): Measure {
  const worst = Math.max(...seconds);
  const ratio = MOST_SECONDS / worst;
  return {
    ...{ measure, ours: median(seconds), spread: [Math.min(...seconds), worst], peer: null },
    ...{
      theirs: MOST_SECONDS,
      unit: 's',
      ratio,
      floor: 1,
      holds: ratio >= 1,
      note: 'the ratio is of the slowest',
    },
  };
}
