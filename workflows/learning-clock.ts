import { condition, setHandler } from '@temporalio/workflow';
import { clockNews } from '../src/contracts/learning.ts';
import { fromHourStamp, toHourStamp } from '../src/contracts/time.ts';
import { clockSignal } from '../src/temporal/messages.ts';

/**
 * What time it is for a run: the real time, or, where the run was given a moment that it stands for, that moment until
 * a signal moves it on. A year can so be lived through in minutes, and a backfill waits for no approval of today's.
 */
export class LearningClock {
  /** Hour stamp; undefined: the clock is the real one. */
  private explicit: string | undefined;

  constructor(explicit: string | undefined) {
    this.explicit = explicit;
  }

  /** Signals that came before the workflow are heard from here on. */
  listen(onChange: () => void = () => {}): void {
    setHandler(
      clockSignal,
      (message) => {
        const news = clockNews.safeParse(message);
        // Hour stamps sort as text; time that went back would undo what was decided by it.
        if (!news.success || this.explicit === undefined || news.data.asOf <= this.explicit) return;
        this.explicit = news.data.asOf;
        onChange();
      },
      {
        description: 'Moves the clock of a run that stands for an explicit moment: {"asOf": "2019-03-03T02"}',
      },
    );
  }

  get isExplicit(): boolean {
    return this.explicit !== undefined;
  }

  /** Seconds since 1970. */
  get now(): number {
    return this.explicit === undefined ? Math.floor(Date.now() / 1000) : fromHourStamp(this.explicit);
  }

  /** The hour that has begun. */
  get stamp(): string {
    return toHourStamp(this.now);
  }

  /** ISO 8601, UTC. */
  get iso(): string {
    return new Date(1000 * this.now).toISOString();
  }

  /** For the run that this one continues as. */
  carry(): string | undefined {
    return this.explicit;
  }

  /** Waits until a moment, seconds since 1970, or until something else is so; says whether that was it. */
  async until(moment: number, orElse: () => boolean = () => false): Promise<boolean> {
    if (this.explicit !== undefined) {
      await condition(() => orElse() || this.now >= moment);
    } else if (moment > this.now) {
      await condition(orElse, 1000 * (moment - this.now));
    }
    return orElse();
  }
}
