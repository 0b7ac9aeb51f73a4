import { LRUCache } from 'lru-cache';
import { noteExposures, exposureOf } from '../../ab-test/journal.ts';
import { requestName, unitKey, unitOf } from '../../ab-test/route.ts';
import type { Exposure } from '../../ab-test/evaluation.ts';
import type { ABTestRecord } from '../../contracts/ab-test.ts';
import { requestId as requestIdSchema } from '../../contracts/stages.ts';
import { messageOf } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import type { Logger } from '../../stages/context.ts';
import type { TrafficObserver } from './observer.ts';
import type { TrafficCall } from './deal.ts';

export interface ExposureParts {
  home: Home;
  log: Logger;
  observer?: TrafficObserver;
  /** How long an exposure may wait in memory: what a crash can lose. */
  everyMs?: number;
  /** How many may wait in memory, as while the disk is full. */
  most?: number;
}

const EVERY_MS = 1000;
const MOST_WAITING = 50_000;
/** Users that were counted lately; whoever is counted again is one in the test all the same. */
const USERS_REMEMBERED = 100_000;

/**
 * Counts who was answered in A/B tests. Exposures wait in memory and are written together, once a second, under the
 * journal's lock and with one sync: a request pays for a hash or four. A user is written once as long as he is remembered.
 */
export class Exposures {
  private readonly parts: ExposureParts;
  private readonly counted = new LRUCache<string, true>({ max: USERS_REMEMBERED });
  private waiting = new Map<string, Exposure[]>();
  private count = 0;
  private readonly full = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private isTroubled = false;

  constructor(parts: ExposureParts) {
    this.parts = parts;
  }

  /** To be called once the answer is there, whoever gave it. */
  note(test: ABTestRecord, { requestId, user }: TrafficCall): void {
    const name = test.config.test_name;
    if (this.full.has(name)) return;
    const unit = unitKey(name, unitOf(requestId, user));
    if (user !== undefined && this.counted.has(unit)) return;
    const request = requestName(name, requestId, user);
    if (!requestIdSchema.safeParse(request).success) {
      // The journal has no such line: one of them would keep all others from being read.
      this.parts.observer?.exposuresLost?.(name, 1, 'unnamed');
      return;
    }
    const exposure = exposureOf(test, { request, user, at: new Date().toISOString() });
    if (this.count >= (this.parts.most ?? MOST_WAITING)) {
      this.parts.observer?.exposuresLost?.(name, 1, 'waiting');
      return;
    }
    if (user !== undefined) this.counted.set(unit, true);
    const others = this.waiting.get(name);
    if (others) others.push(exposure);
    else this.waiting.set(name, [exposure]);
    this.count++;
    this.timer ??= setTimeout(() => void this.flush().catch(() => {}), this.parts.everyMs ?? EVERY_MS);
  }

  /** Writes all that waits. What cannot be written goes on waiting, is told of once, and fails this. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const written = this.writing.then(() => this.write());
    this.writing = written.catch(() => {});
    return written;
  }

  private async write(): Promise<void> {
    const { home, log, observer, everyMs = EVERY_MS } = this.parts;
    const batch = this.waiting;
    this.waiting = new Map();
    const troubles: unknown[] = [];
    for (const [name, exposures] of batch) {
      try {
        const isTaken = await noteExposures(home, name, exposures);
        this.count -= exposures.length;
        if (isTaken) observer?.exposuresKept?.(name, exposures.length);
        else this.close(name, exposures.length);
      } catch (error) {
        troubles.push(error);
        this.waiting.set(name, [...exposures, ...(this.waiting.get(name) ?? [])]);
      }
    }
    if (troubles.length > 0) {
      if (!this.isTroubled)
        log.error({ error: messageOf(troubles[0]) }, 'who was answered in an A/B test waits in memory');
      this.timer ??= setTimeout(() => void this.flush().catch(() => {}), everyMs).unref();
    }
    this.isTroubled = troubles.length > 0;
    if (troubles.length > 0) throw troubles[0];
  }

  /** Its journal is full: nobody is counted any more, in neither variant. */
  private close(name: string, count: number): void {
    this.full.add(name);
    this.parts.observer?.exposuresLost?.(name, count, 'full');
    this.parts.log.warn(
      { test: name },
      'this A/B test has all the exposures that its journal takes; give users',
    );
  }
}
