import assert from 'node:assert/strict';
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, Connection } from '@temporalio/client';
import { loadConfig } from '../../src/config/config.ts';
import { PIPELINE_STAGES, pipelineResult } from '../../src/contracts/pipeline.ts';
import { Home } from '../../src/lake/home.ts';
import { readChampion } from '../../src/registry/stage.ts';
import { planServices } from '../../src/stack/plan.ts';
import { Stack } from '../../src/stack/stack.ts';
import { connect } from '../../src/temporal/connection.ts';
import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { watchPipeline, type PipelineUpdate } from '../../src/temporal/progress.ts';

/** Bytes are spelt as numbers there, so this is some 20 KB of payload. */
const LARGEST_EVENT = 100_000;

/** Enough that a kill at the first checkpoint comes long before the last, on however fast a machine. */
const STEPS = 150;

/** One region, a year of training and two months of scores, a tiny model: everything real but small. */
const INPUT = {
  regions: ['PACW'],
  from: '2017-01',
  to: '2018-02',
  train: { from: '2017-01', to: '2017' },
  score: { from: '2018-01', to: '2018-02' },
  sequenceLength: 336,
  training: { maxSteps: STEPS, checkpointEverySteps: 5, width: 16, heads: 1, layers: 1 },
};

describe('the whole job, in real processes', function () {
  this.timeout(480_000);
  let folder: string;
  let home: Home;
  let stack: Stack;
  let client: Client;
  let connection: Connection;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringwatt-e2e-'));
    home = await Home.open(folder);
    const config = loadConfig({ home: folder, slots: 2 }, { environment: {} });
    const { signal } = new AbortController();
    stack = await Stack.start(home, () => planServices(home, config), { purpose: 'a test' }, signal);
    ({ client, connection } = await connect(stack.config));
  });

  after(async () => {
    await connection?.close();
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Kills a process the hard way; the stack starts it again. */
  async function killHard(name: string): Promise<void> {
    const { pid } = JSON.parse(await readFile(home.path('run', `${name}.json`), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
  }

  /** What people see of a training comes seconds late; its first checkpoint is there at once. */
  async function firstCheckpoint(signal: AbortSignal): Promise<void> {
    for (;;) {
      for await (const _file of glob(home.path('checkpoints', '*', '*.safetensors'))) return;
      await sleep(50, undefined, { signal });
    }
  }

  async function runJob(workflowId: string, onUpdate: (update: PipelineUpdate) => void = () => {}) {
    const handle = await client.workflow.start(WORKFLOWS.forecastingPipeline, {
      workflowId,
      taskQueue: PIPELINE_QUEUE,
      args: [INPUT],
    });
    await watchPipeline(client, workflowId, onUpdate, { everyMs: 200 });
    return pipelineResult.parse(await handle.result());
  }

  it('ends with a champion although its worker and a slot are killed on the way', async () => {
    const over = new AbortController();
    const slotKill = firstCheckpoint(over.signal).then(() => killHard('slot-2'));
    const seen = new Set<string>();
    const result = await runJob('e2e/killed', ({ stage }) => {
      if (stage === 'ingest' && !seen.has(stage)) void killHard('pipeline-worker');
      if (stage) seen.add(stage);
    }).finally(() => over.abort());
    await slotKill;
    assert.ok(seen.has('ingest') && seen.has('train'));
    assert.deepEqual(
      result.stages.map(({ stage }) => stage),
      [...PIPELINE_STAGES],
    );
    const trained = result.stages.find(({ stage }) => stage === 'train')!;
    assert.equal(trained.facts['steps'], STEPS);
    assert.equal(trained.facts['restarts'], 1);
    assert.ok(Number(trained.facts['steps done again']) <= 1, 'its neighbour held all but the step in hand');
    assert.equal(trained.facts['from a checkpoint'], undefined);
    assert.deepEqual(
      result.scores.map(({ region }) => region),
      ['PACW'],
    );
    const champion = await readChampion({ home }, { name: 'day-ahead' });
    assert.equal(champion?.version ?? null, result.model.champion ? 1 : null);
  });

  it('passes references between its stages, never data', async () => {
    for (const workflowId of ['e2e/killed', 'ring-training/e2e/killed', 'slots/default', 'model/day-ahead']) {
      const history = await client.workflow.getHandle(workflowId).fetchHistory();
      const sizes = (history.events ?? []).map((event) => JSON.stringify(event).length);
      assert.ok(Math.max(...sizes) < LARGEST_EVENT, `${workflowId}: ${Math.max(...sizes)}`);
    }
  });

  it('does nothing twice: a second run reuses every stage', async () => {
    const result = await runJob('e2e/again');
    const made = result.stages.filter(({ reused }) => !reused).map(({ stage }) => stage);
    assert.deepEqual(made, result.model.champion ? [] : ['promote']);
  });
});
