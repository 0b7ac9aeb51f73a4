/** Hours. */
export const DAY = 24;
export const WEEK = 168;
/** Known hours of the day of a morning's issue. */
export const MORNING = 9;
