/** At most `requests` in any span of `windowMs`. */
export interface Budget {
  requests: number;
  windowMs: number;
}

/** `[granted at, in ms since 1970; how many]`, oldest first. */
export type Lease = [at: number, count: number];

export interface Grant {
  leases: Lease[];
  /** 0 when the budget is used up. */
  granted: number;
  /** When 0 were granted: how long until at least one is free. */
  waitMs: number;
}

/**
 * Tokens are leased in small batches and may be used up to `leaseMs` after they were granted, so a lease counts
 * for `windowMs + leaseMs`: every request in a rolling window then belongs to a lease that counts in it.
 */
export function grant(
  leases: readonly Lease[],
  budget: Budget,
  leaseMs: number,
  want: number,
  now: number,
): Grant {
  const span = budget.windowMs + leaseMs;
  // A lease of the future was made before the clock was set back: it counts from now on.
  const live = leases
    .map(([at, count]): Lease => [Math.min(at, now), count])
    .filter(([at]) => now - at <= span);
  const free = budget.requests - live.reduce((sum, [, count]) => sum + count, 0);
  const granted = Math.max(0, Math.min(want, free));
  if (granted > 0) return { leases: [...live, [now, granted]], granted, waitMs: 0 };
  return { leases: live, granted, waitMs: (live[0]?.[0] ?? now) + span - now + 1 };
}
