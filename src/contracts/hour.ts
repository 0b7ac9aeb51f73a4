/** Apart from what reads dates, so that a thread that only computes need not load zod. */
export const HOUR_SECONDS = 3600;
