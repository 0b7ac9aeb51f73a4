import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import type { SegmentResult } from '../../src/contracts/training.ts';
import { BadInputError, RingwattError } from '../../src/errors.ts';
import { Home } from '../../src/lake/home.ts';
import { randomOf } from '../../src/model/random.ts';
import { certifyHosts } from '../../src/tls/hosts.ts';
import { readCheckpoint } from '../../src/training/recovery/checkpoint.ts';
import { LocalRing, type LocalSegment } from '../../src/training/slots/local-ring.ts';
import { SlotClient } from '../../src/training/slots/slot-client.ts';
import { segmentOf, smallHome, smallSettings } from '../training/small-home.ts';
import { Proxy, type Fault } from './proxy-protocol.ts';
import { twoHosts, type Topology } from './topology.ts';

const SEED = 7;
/** Tight enough for a test, wide enough for a machine that does other things too. */
const TIMING = { aliveEveryMs: 100, silenceMs: 1500 };
const EPOCHS_AT_MOST = 25;

describe('two hosts', () => {
  let topology: Topology;
  let home: Home;
  let sequences: ArtifactReference;
  let slots: SlotClient[];
  let proxies: Proxy[];
  const token = randomBytes(32).toString('hex');
  const settings = smallSettings({ ringSize: 2, maxSteps: 60 });

  before(async () => {
    topology = await twoHosts();
    ({ home, sequences } = await smallHome(300, 700));
    slots = topology.hosts.map(({ launcher }) => new SlotClient({ launcher }));
    proxies = topology.hosts.map((host) => new Proxy(host));
    await certify(home);
    await Promise.all(slots.map((slot) => slot.start()));
  });
  after(async () => {
    await Promise.all(slots.map((slot) => slot.close()));
    for (const proxy of proxies) proxy.close();
    await topology.remove();
  });

  const certify = (authority: Home) =>
    certifyHosts(authority, {
      hosts: topology.hosts.map(({ address }) => address),
      out: authority.path('tls'),
      days: 1,
      renew: false,
    });

  /** One ring over the proxies; what every rank came to. */
  async function ring(segment: LocalSegment, epoch: number, certificates: string[], fault?: Fault) {
    const peers = await Promise.all(
      slots.map(async (slot, rank) => {
        const { address: host } = topology.hosts[rank]!;
        const tls = certificates[rank]!;
        const door = await slot.listen({ runId: segment.runId, epoch, token, host, tls, timing: TIMING });
        // One direction has the fault, the other one only a slow network.
        const struck = rank === epoch % 2 ? fault : undefined;
        const address = await proxies[rank]!.inFrontOf(door, SEED + 2 * epoch + rank, struck);
        return { rank, queue: `host/${rank}`, address };
      }),
    );
    const broken = new AbortController();
    return Promise.all(
      slots.map((slot, rank) =>
        slot
          .train(home.root, { ...segment, epoch, rank, worldSize: 2, peers }, () => undefined, broken.signal)
          .catch((error: Error) => {
            broken.abort();
            return error;
          }),
      ),
    );
  }

  const weightsOf = async ({ checkpoint }: SegmentResult) => {
    const { weights } = (await readCheckpoint(home, checkpoint!)).optimizer;
    return createHash('sha256').update(weights).digest('hex');
  };

  it('have a network each', function () {
    if (topology.shared) this.test!.title += ` (not here, both are this machine: ${topology.shared})`;
    if (topology.shared) this.skip();
    assert.equal(new Set(topology.hosts.map(({ address }) => address)).size, 2);
  });

  it('refuse each other when their certificates come from different authorities', async () => {
    const foreign = await Home.open(home.path('foreign'));
    await certify(foreign);
    const segment = segmentOf(sequences, settings, { runId: 'foreign' });
    const outcomes = await ring(segment, 1, [home.path('tls'), foreign.path('tls')]);
    const refusal = outcomes.find((outcome) => outcome instanceof BadInputError);
    assert.match(refusal?.message ?? String(outcomes), /comes from another authority/);
  });

  it('train to the bits of one host through a network that delays, stalls, resets and corrupts', async function () {
    const random = randomOf('faults', SEED);
    const within = (from: number, to: number) => Math.floor(from + random() * (to - from));
    const faults: Fault[] = [
      { kind: 'corrupt', atByte: within(100, 1500) },
      { kind: 'reset', atByte: within(200_000, 600_000) },
      { kind: 'corrupt', atByte: within(200_000, 600_000) },
      { kind: 'stall', atByte: within(200_000, 600_000), forMs: 2 * TIMING.silenceMs },
      { kind: 'pause', atByte: within(200_000, 600_000), forMs: TIMING.silenceMs / 3 },
    ];
    const struck = () => proxies.flatMap((proxy) => proxy.struck).length;
    const segment = segmentOf(sequences, settings, { runId: 'disturbed' });
    const certificates = [home.path('tls'), home.path('tls')];
    let results: SegmentResult[] = [];
    let epoch = 0;
    while (results.length < 2 && epoch < EPOCHS_AT_MOST) {
      epoch += 1;
      const outcomes = await ring(segment, epoch, certificates, faults[struck()]);
      for (const outcome of outcomes) {
        if (outcome instanceof Error)
          assert.ok(outcome instanceof RingwattError && outcome.retryable, outcome);
      }
      results = outcomes.filter((outcome): outcome is SegmentResult => !(outcome instanceof Error));
    }
    assert.deepEqual(proxies.flatMap((proxy) => proxy.struck).sort(), faults.map(({ kind }) => kind).sort());
    assert.ok(results.length === 2 && results.every(({ finished }) => finished));

    await using local = await LocalRing.start({ worldSize: 2, home: home.root });
    const [undisturbed] = await local.train({ ...segment, runId: 'undisturbed' });
    assert.ok(undisturbed && 'result' in undisturbed);
    assert.equal(await weightsOf(results[0]!), await weightsOf(undisturbed.result));
  });
});
