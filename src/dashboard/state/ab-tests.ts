import { LRUCache } from 'lru-cache';
import { FollowedTest } from '../../ab-test/followed.ts';
import { interruption, listTests } from '../../ab-test/store.ts';
import type { ABResult, ABTestRecord } from '../../contracts/ab-test.ts';
import type { Home } from '../../lake/home.ts';

const TESTS_SHOWN = 10;
const MOST_FOLLOWED = 4;

export interface ABTestState {
  name: string;
  control: string;
  treatment: string;
  metric: string;
  startedAt: string;
  endsAt: string;
  /** The recommendation, or how it ended. */
  says: string;
  /** Absent of one that has ended. */
  result?: Pick<ABResult, 'control' | 'treatment' | 'effect' | 'pValue' | 'information' | 'decision'>;
  ended: boolean;
}

/** Newest first; of those that run also how they stand, for which each look reads only what was added. */
export function abTestStates(home: Home): (model: string | undefined) => Promise<ABTestState[]> {
  const followed = new LRUCache<string, FollowedTest>({ max: MOST_FOLLOWED });
  const follow = ({ config }: ABTestRecord) => {
    const key = config.test_name;
    const found = followed.get(key) ?? new FollowedTest(home, config);
    followed.set(key, found);
    return found;
  };
  let turn: Promise<unknown> = Promise.resolve();
  const stateOf = async (record: ABTestRecord): Promise<ABTestState> => {
    const { config, control, treatment, startedAt, endsAt, ending } = record;
    const of = {
      ...{ name: config.test_name, metric: config.success_metric, startedAt, endsAt },
      control: `${control.name}@${control.version}`,
      treatment: `${treatment.name}@${treatment.version}`,
    };
    if (ending) return { ...of, says: ending.says, ended: true };
    const result = (await follow(record).read()).result();
    const { control: arm, treatment: other, effect, pValue, information, decision } = result;
    return {
      ...of,
      says: (await interruption(home, record)) ?? result.says,
      result: { control: arm, treatment: other, effect, pValue, information, decision },
      ended: false,
    };
  };
  return (model) => {
    const next = turn.then(async () => {
      const own = (await listTests(home)).filter(
        ({ control, treatment }) => model === undefined || [control.name, treatment.name].includes(model),
      );
      const states: ABTestState[] = [];
      for (const record of own.slice(0, TESTS_SHOWN)) states.push(await stateOf(record));
      return states;
    });
    turn = next.catch(() => {});
    return next;
  };
}
