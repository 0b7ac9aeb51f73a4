import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { changeTest } from '../../../src/ab-test/store.ts';
import { CorruptArtifactError } from '../../../src/errors.ts';
import type { Home } from '../../../src/lake/home.ts';
import { canaryUri } from '../../../src/registry/layout.ts';
import { endShadow, startShadow } from '../../../src/registry/shadow.ts';
import type { TrafficState } from '../../../src/serving/traffic/state.ts';
import { TrafficWatch } from '../../../src/serving/traffic/watch.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { AT, NAME, crown, standCanary, startWinter, withVersions } from './traffic-home.ts';

const CLAIM = { by: 'ada', reason: '' };
/** `champion/canary/test/shadow`. */
const told = ({ champion, canary, test, shadow }: TrafficState) =>
  [champion?.version, canary?.version, test?.config.test_name, shadow?.version]
    .map((one) => one ?? '-')
    .join('/');

interface Seen {
  changes: string[];
  complaints: string[];
}

async function withWatch(
  home: Home,
  act: (watch: TrafficWatch, look: () => Promise<void>, seen: Seen) => Promise<void>,
): Promise<void> {
  const seen: Seen = { changes: [], complaints: [] };
  const log = { ...silentLogger, error: (fields: object) => seen.complaints.push(JSON.stringify(fields)) };
  const watch = await TrafficWatch.open({ home, model: NAME, log });
  const look = async () => {
    const before = watch.state;
    await watch.look();
    if (watch.state !== before) seen.changes.push(told(watch.state));
  };
  await act(watch, look, seen);
}

describe('the state of traffic', () => {
  it('follows promotions, canaries, tests and shadows of the files, and is another object each time', () =>
    withVersions((home) =>
      withWatch(home, async (watch, look, { changes }) => {
        const first = watch.state;
        assert.equal(told(first), '1/-/-/-');
        await look();
        assert.equal(watch.state, first);
        await standCanary(home, 0.5);
        await look();
        await startShadow(home, NAME, { version: 2, share: 0.5, ...CLAIM }, AT);
        await look();
        await startWinter(home);
        await look();
        const ending = { at: AT, decision: 'continue', says: '', by: 'ada', promoted: false } as const;
        await changeTest(home, { name: 'winter', ending });
        await look();
        await endShadow(home, NAME, CLAIM, AT);
        await look();
        await crown(home, 2, 2);
        await look();
        await look();
        assert.deepEqual(changes, ['1/2/-/-', '1/2/-/2', '1/-/winter/2', '1/2/-/2', '1/2/-/-', '2/-/-/-']);
        assert.equal(told(first), '1/-/-/-');
      }),
    ));

  it('ends test, canary and shadow at once with the champion that they stood beside', () =>
    withVersions((home) =>
      withWatch(home, async (watch, look) => {
        await standCanary(home, 0.5);
        await startShadow(home, NAME, { version: 2, share: 0.5, ...CLAIM }, AT);
        await startWinter(home);
        await look();
        assert.equal(told(watch.state), '1/-/winter/2');
        await crown(home, 2, 1);
        await look();
        assert.equal(told(watch.state), '1/-/-/-');
      }),
    ));

  it('stays as it was while a file is damaged, says so once, and goes on when it is whole', () =>
    withVersions((home) =>
      withWatch(home, async (watch, look, { changes, complaints }) => {
        await writeFile(home.path(canaryUri(NAME)), '{');
        for (let i = 0; i < 3; i++) await look();
        assert.equal(told(watch.state), '1/-/-/-');
        assert.equal(complaints.length, 1);
        assert.match(complaints[0]!, /canary\.json is not a canary's record/);
        await assert.rejects(
          withWatch(home, async () => {}),
          CorruptArtifactError,
        );
        await rm(home.path(canaryUri(NAME)));
        await standCanary(home, 0.5);
        await look();
        assert.deepEqual(changes, ['1/2/-/-']);
      }),
    ));
});
