import { messageOf } from '../../../errors.ts';
import type { Home } from '../../../lake/home.ts';
import type { Logger } from '../../../stages/context.ts';
import { addToSummary } from './file.ts';
import { emptySummary, mergeSummaries, type ShadowNamed, type ShadowSummary } from './summary.ts';

export interface TallyParts {
  home: Home;
  log: Logger;
  /** How long what was compared may stay in memory: what a crash can lose. */
  everyMs?: number;
}

const EVERY_MS = 5000;

/** What this process has seen of shadows and not yet added to their files; its size does not grow with requests. */
export class ShadowTally {
  private readonly parts: TallyParts;
  private seen = new Map<string, ShadowSummary>();
  private timer: NodeJS.Timeout | undefined;
  private isTroubled = false;

  constructor(parts: TallyParts) {
    this.parts = parts;
  }

  /** To add to. Of a shadow that was followed by another, what is not written yet is no longer asked for. */
  of(named: ShadowNamed): ShadowSummary {
    const at = new Date().toISOString();
    const before = this.seen.get(named.name);
    const summary = before?.generation === named.generation ? before : emptySummary(named, at);
    summary.to = at;
    this.seen.set(named.name, summary);
    this.later();
    return summary;
  }

  /** Writes all of it. What cannot be written is kept, told of once, tried again later, and fails this. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { seen } = this;
    this.seen = new Map();
    const troubles: unknown[] = [];
    for (const [model, summary] of seen) {
      await addToSummary(this.parts.home, summary).catch((error: unknown) => {
        troubles.push(error);
        this.putBack(model, summary);
      });
    }
    const wasTroubled = this.isTroubled;
    this.isTroubled = troubles.length > 0;
    if (!this.isTroubled) return;
    this.later();
    if (!wasTroubled) {
      const error = messageOf(troubles[0]);
      this.parts.log.error({ error }, 'what was compared with a shadow waits in memory');
    }
    throw troubles[0];
  }

  /** Writes for the last time. Nothing that counts is lost where that fails: it has been told of. */
  async close(): Promise<void> {
    await this.flush().catch(() => {});
    clearTimeout(this.timer);
  }

  private later(): void {
    const { everyMs = EVERY_MS } = this.parts;
    this.timer ??= setTimeout(() => void this.flush().catch(() => {}), everyMs).unref();
  }

  private putBack(model: string, summary: ShadowSummary): void {
    const newer = this.seen.get(model);
    if (!newer) this.seen.set(model, summary);
    else if (newer.generation === summary.generation) this.seen.set(model, mergeSummaries(summary, newer));
  }
}
