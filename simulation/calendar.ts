export const HOUR_SECONDS = 3600;
export const DAY_SECONDS = 24 * HOUR_SECONDS;
export const WEEK_DAYS = 7;

export const isoOf = (seconds: number) => new Date(seconds * 1000).toISOString();
