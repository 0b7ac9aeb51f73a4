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
import { until } from '../../support/until.ts';
import { AT, NAME, crown, standCanary, startWinter, withVersions } from './traffic-home.ts';

const CLAIM = { by: 'ada', reason: '' };
/** `champion/canary/test/shadow`. */
const told = ({ champion, canary, test, shadow }: TrafficState) =>
  [champion?.version, canary?.version, test?.config.test_name, shadow?.version]
    .map((one) => one ?? '-')
    .join('/');

async function withWatch(
  home: Home,
  act: (watch: TrafficWatch, changes: string[], complaints: string[]) => Promise<void>,
  everyMs = 2 ** 30,
): Promise<void> {
  const changes: string[] = [];
  const complaints: string[] = [];
  const log = { ...silentLogger, error: (fields: object) => complaints.push(JSON.stringify(fields)) };
  const onChange = (state: TrafficState) => changes.push(told(state));
  const watch = await TrafficWatch.open({ home, model: NAME, log, onChange, everyMs });
  try {
    await act(watch, changes, complaints);
  } finally {
    watch.close();
  }
}

describe('the state of traffic', () => {
  it('follows promotions, canaries, tests and shadows of the files, and is another object each time', () =>
    withVersions((home) =>
      withWatch(home, async (watch, changes) => {
        const first = watch.state;
        assert.equal(told(first), '1/-/-/-');
        await watch.look();
        assert.equal(watch.state, first);
        await standCanary(home, 0.5);
        await watch.look();
        await startShadow(home, NAME, { version: 2, share: 0.5, ...CLAIM }, AT);
        await watch.look();
        await startWinter(home);
        await watch.look();
        const ending = { at: AT, decision: 'continue', says: '', by: 'ada', promoted: false } as const;
        await changeTest(home, { name: 'winter', ending });
        await watch.look();
        await endShadow(home, NAME, CLAIM, AT);
        await watch.look();
        await crown(home, 2, 2);
        await watch.look();
        await watch.look();
        assert.deepEqual(changes, ['1/2/-/-', '1/2/-/2', '1/-/winter/2', '1/2/-/2', '1/2/-/-', '2/-/-/-']);
        assert.equal(told(first), '1/-/-/-');
      }),
    ));

  it('ends test, canary and shadow at once with the champion that they stood beside', () =>
    withVersions((home) =>
      withWatch(home, async (watch) => {
        await standCanary(home, 0.5);
        await startShadow(home, NAME, { version: 2, share: 0.5, ...CLAIM }, AT);
        await startWinter(home);
        await watch.look();
        assert.equal(told(watch.state), '1/-/winter/2');
        await crown(home, 2, 1);
        await watch.look();
        assert.equal(told(watch.state), '1/-/-/-');
      }),
    ));

  it('stays as it was while a file is damaged, says so once, and goes on when it is whole', () =>
    withVersions((home) =>
      withWatch(home, async (watch, changes, complaints) => {
        await writeFile(home.path(canaryUri(NAME)), '{');
        for (let i = 0; i < 3; i++) await watch.look();
        assert.equal(told(watch.state), '1/-/-/-');
        assert.equal(complaints.length, 1);
        assert.match(complaints[0]!, /canary\.json is not a canary's record/);
        await assert.rejects(
          withWatch(home, async () => {}),
          CorruptArtifactError,
        );
        await rm(home.path(canaryUri(NAME)));
        await standCanary(home, 0.5);
        await watch.look();
        assert.deepEqual(changes, ['1/2/-/-']);
      }),
    ));

  it('is looked at by itself', () =>
    withVersions((home) =>
      withWatch(
        home,
        async (watch) => {
          await crown(home, 2, 2);
          await until(async () => watch.state.champion?.version === 2);
        },
        20,
      ),
    ));
});
