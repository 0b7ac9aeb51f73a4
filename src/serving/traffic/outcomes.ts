import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { UNKNOWN_REQUEST } from '../../ab-test/evaluation.ts';
import { FollowedTest } from '../../ab-test/followed.ts';
import { noteOutcomes } from '../../ab-test/journal.ts';
import { requireTest, runningTest } from '../../ab-test/store.ts';
import type { ABAccount, ABOutcome, ABResult, ABTestRecord } from '../../contracts/ab-test.ts';
import { MissingDataError, messageOf } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import { noChampion, readChampion } from '../../registry/champion.ts';
import type { Logger } from '../../stages/context.ts';
import type { Exposures } from './exposures.ts';
import type { TrafficObserver } from './observer.ts';
import { told, type TrafficOutcome } from './outcome.ts';

export interface OutcomeParts {
  home: Home;
  log: Logger;
  exposures: Pick<Exposures, 'flush'>;
  observer?: TrafficObserver;
  /** Tells the test's workflow that there is something to look at; without it, it looks every 15 minutes. */
  nudge?: (test: string) => Promise<void>;
  /** After which the exposures of all processes stand in the journal. */
  settledMs?: number;
}

export interface Told extends ABAccount {
  test: string;
}

const SETTLED_MS = 1500;
const NUDGE_MS = 60_000;
/** Tests whose journals are kept read. */
const MOST_FOLLOWED = 4;

/** Takes what came of answers into the journal of the A/B test that runs, and says how it stands. */
export class Outcomes {
  private readonly parts: OutcomeParts;
  private readonly followed = new LRUCache<string, FollowedTest>({ max: MOST_FOLLOWED });
  private readonly nudged = new LRUCache<string, true>({ max: MOST_FOLLOWED, ttl: NUDGE_MS });
  /** A journal is read by one at a time. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(parts: OutcomeParts) {
    this.parts = parts;
  }

  /** Adds outcomes to the test that answers for a model. */
  async tell(model: string, outcomes: readonly TrafficOutcome[]): Promise<Told> {
    return this.take(await this.require(model), outcomes);
  }

  /** The same of a test by its name, whoever answers by now. */
  async tellTest(test: string, outcomes: readonly TrafficOutcome[]): Promise<Told> {
    return this.take(await requireTest(this.parts.home, test), outcomes);
  }

  /** The test that answers for a model, and what it says. */
  async standing(model: string): Promise<{ record: ABTestRecord; result: ABResult }> {
    const record = await this.require(model);
    const evaluation = await this.inTurn(() => this.follow(record).read());
    return { record, result: evaluation.result() };
  }

  /**
   * Another process may not have written yet whom it has answered: what nobody knows of is asked for once more when
   * all have.
   */
  private async take(record: ABTestRecord, outcomes: readonly TrafficOutcome[]): Promise<Told> {
    const { observer, settledMs = SETTLED_MS } = this.parts;
    const test = record.config.test_name;
    const first = await this.add(
      record,
      outcomes.map((outcome) => told(test, outcome)),
    );
    let { account } = first;
    if (first.unknown.length > 0) {
      await delay(settledMs);
      account = sumOf(first, (await this.add(record, first.unknown)).account);
    }
    observer?.outcomesTaken?.(test, account);
    if (account.taken > 0) this.nudge(test);
    return { test, ...account };
  }

  private async require(model: string): Promise<ABTestRecord> {
    const { home } = this.parts;
    const champion = await readChampion({ home }, { name: model });
    if (!champion) throw await noChampion(home, model);
    const record = await runningTest(home, champion);
    if (record) return record;
    throw new MissingDataError(`No A/B test answers for ${model}.`, '`ab list` has those there were.');
  }

  private async add(record: ABTestRecord, outcomes: readonly ABOutcome[]) {
    const { home, exposures, log } = this.parts;
    await exposures.flush().catch((error: unknown) => {
      log.warn({ error: messageOf(error) }, 'outcomes come before their exposures');
    });
    const test = record.config.test_name;
    return this.inTurn(() =>
      noteOutcomes(home, test, outcomes, new Date().toISOString(), this.follow(record)),
    );
  }

  private follow({ config }: ABTestRecord): FollowedTest {
    const name = config.test_name;
    const followed = this.followed.get(name) ?? new FollowedTest(this.parts.home, config);
    this.followed.set(name, followed);
    return followed;
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => {});
    return done;
  }

  /** At most once a minute: each is an event in the history of the test's workflow. */
  private nudge(test: string): void {
    const { nudge, log } = this.parts;
    if (!nudge || this.nudged.has(test)) return;
    this.nudged.set(test, true);
    nudge(test).catch((error: unknown) => {
      log.info(
        { test, error: messageOf(error) },
        'the workflow of the A/B test looks when it does by itself',
      );
    });
  }
}

function sumOf(
  { account, unknown }: { account: ABAccount; unknown: readonly ABOutcome[] },
  again: ABAccount,
): ABAccount {
  const isFinal = ({ reason }: { reason: string }) => reason !== UNKNOWN_REQUEST;
  return {
    taken: account.taken + again.taken,
    repeated: account.repeated + again.repeated,
    refused: account.refused - unknown.length + again.refused,
    refusals: [...account.refusals.filter(isFinal), ...again.refusals].slice(0, 10),
  };
}
