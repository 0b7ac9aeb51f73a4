import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import { Home } from '../../src/lake/home.ts';
import { SlotDiedError } from '../../src/errors.ts';
import type { SegmentInput } from '../../src/contracts/training.ts';
import { trainingSettings } from '../../src/contracts/training.ts';
import { silentLogger } from '../../src/stages/context.ts';
import { processMetrics } from '../../workers/process-metrics.ts';
import { announceProcess } from '../../workers/process-record.ts';
import { ringToken } from '../../src/lake/ring-token.ts';
import { SlotChild } from '../../workers/slot-child.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import { reference } from '../support/fake-stages.ts';
import { temporaryFolder } from '../support/temporal.ts';

const CHILD = new URL('./slot-process-for-tests.ts', import.meta.url).pathname;
const never = () => new AbortController().signal;

const segmentOf = (behaviour: string): SegmentInput => ({
  runId: behaviour,
  epoch: 7,
  rank: 0,
  worldSize: 1,
  peers: [],
  sequences: reference('sequences'),
  settings: trainingSettings.parse({}),
  secondsUsed: 0,
  segmentSeconds: 60,
});

describe('a process of the stack', () => {
  it('says that it is there, answers on its health address, and leaves nothing behind', async () => {
    const home = await Home.open(await temporaryFolder());
    const metrics = processMetrics('slot-9');
    const announced = await announceProcess(home, {
      name: 'slot-9',
      state: () => ({ queue: 'q' }),
      metrics,
      host: '127.0.0.1',
    });
    const record = JSON.parse(await readFile(home.path('run/slot-9.json'), 'utf8')) as {
      pid: number;
      healthUrl: string;
    };
    assert.equal(record.pid, process.pid);
    const health = (await (await fetch(record.healthUrl)).json()) as { name: string; queue: string };
    assert.deepEqual([health.name, health.queue], ['slot-9', 'q']);
    // Some of these are no URLs at all.
    for (const path of ['/', '//', '//[', '/%00', '/../run/slot-9.json']) {
      const { origin } = new URL(record.healthUrl);
      assert.equal((await fetch(origin + path)).status, 404, path);
    }
    const [found] = JSON.parse(await readFile(home.path('run/slot-9.targets.json'), 'utf8')) as [
      { targets: [string] },
    ];
    const scraped = await fetch(`http://${found.targets[0]}/metrics`);
    assert.match(scraped.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
    assert.match(await scraped.text(), /^process_resident_memory_bytes\{process="slot-9"\} \d+/m);
    assert.equal((await fetch(`http://${found.targets[0]}/elsewhere`)).status, 404);
    await announced.close();
    assert.deepEqual(await readdir(home.path('run')), []);
    await assert.rejects(fetch(record.healthUrl));
  });
});

describe('the token of a ring', () => {
  it('is the same for all slots of a run, another for another run, and readable by its user alone', async () => {
    const home = await Home.open(await temporaryFolder());
    const tokens = await Promise.all([ringToken(home, 'a'), ringToken(home, 'b')]);
    assert.notEqual(tokens[0], tokens[1]);
    assert.equal(await ringToken(home, 'a'), await ringToken(home, 'a'));
    assert.equal((await stat(home.path('run/ring-token'))).mode & 0o777, 0o600);
  });
});

describe('the first token of a home', () => {
  it('is the same for slots that start at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const home = await Home.open(await temporaryFolder());
      const tokens = await Promise.all(Array.from({ length: 8 }, () => ringToken(home, 'a')));
      assert.equal(new Set(tokens).size, 1);
      assert.deepEqual(await readdir(home.path('run')), ['ring-token']);
    }
  });
});

describe('the bundle of the workflows', () => {
  it('is built once for the same sources', async () => {
    const folder = await temporaryFolder();
    const built: string[] = [];
    const log = { ...silentLogger, info: (_fields: object, message: string) => void built.push(message) };
    const first = await workflowBundle(folder, log);
    const second = await workflowBundle(folder, log);
    assert.equal(built.length, 1);
    assert.equal(first.code, second.code);
  });
});

describe('the child of a slot', () => {
  let child: SlotChild;
  beforeEach(async () => {
    child = new SlotChild({
      home: await Home.open(await temporaryFolder()),
      host: '127.0.0.1',
      tls: 'none',
      path: CHILD,
    });
  });
  afterEach(() => child.close());

  it('listens under the epoch it was told, with the secret of the run, then trains', async () => {
    assert.equal((await child.start()).numerics, 'none');
    assert.match(await child.listen('plain', 7, never()), /^127\.0\.0\.1:plain:7:[0-9a-f]{64}$/);
    const steps: number[] = [];
    const result = await child.train(segmentOf('plain'), never(), ({ step }) => void steps.push(step));
    assert.deepEqual(steps, [1, 2]);
    assert.equal(result.step, 2);
  });

  it('answers a stop with its checkpoint', async () => {
    await child.listen('patient', 7, never());
    const abort = new AbortController();
    const result = await child.train(segmentOf('patient'), abort.signal, () => abort.abort());
    assert.equal(result.finished, false);
    assert.deepEqual(result.checkpoint, reference('saved'));
  });

  it('breaks its ring when it dies, and is started anew for the next one', async () => {
    await child.listen('fatal', 7, never());
    const dying = child.train(segmentOf('fatal'), never(), () => {});
    await assert.rejects(dying, (error) => error instanceof SlotDiedError && /SIGKILL/.test(error.message));
    assert.match(await child.listen('plain', 8, never()), /plain:8/);
  });

  it('passes on the typed error of the mathematics', async () => {
    await child.listen('broken', 7, never());
    await assert.rejects(
      child.train(segmentOf('broken'), never(), () => {}),
      {
        name: 'RingBrokenError',
        message: 'The link to rank 1 is gone.',
      },
    );
  });

  it('refuses to train without a process', async () => {
    await assert.rejects(
      child.train(segmentOf('plain'), never(), () => {}),
      { name: 'SlotDiedError' },
    );
  });

  it('ends what it does for a ring when the next one meets, and refuses an older one', async () => {
    await child.listen('patient', 7, never());
    const first = child.train(segmentOf('patient'), never(), () => {});
    first.catch(() => {});
    await assert.rejects(child.listen('patient', 7, never()), /trains under epoch 7/);
    assert.match(await child.listen('patient', 8, never()), /patient:8/);
    await assert.rejects(first, /ring of epoch 7 is over/);
  });

  it('kills a process that somebody has stopped, when its ring is over', async () => {
    await child.listen('patient', 7, never());
    const abort = new AbortController();
    const stopped = child.train(segmentOf('patient'), abort.signal, () => {
      child.signal('SIGSTOP');
      abort.abort();
    });
    await assert.rejects(stopped, { name: 'SlotDiedError' });
    assert.match(await child.listen('plain', 8, never()), /plain:8/);
  });
});
