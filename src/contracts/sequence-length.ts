import { z } from 'zod';

/** 13 weeks, and a year twice: docs/ring-attention.md says why. */
export const PRESET_SEQUENCE_HOURS = { quick: 2184, default: 8760, best: 8760 } as const;

/** Seven years with their two leap days: the longest that has been trained on. */
export const LONGEST_SEQUENCE_HOURS = 61_368;

/** Hours ahead predicted at every hour, where nothing else is asked for: to the end of the next day. */
export const HORIZON_HOURS = 48;

export const sequenceHours = z.number().int().min(24).max(LONGEST_SEQUENCE_HOURS);

export const spellHours = (hours: number): string => `${hours.toLocaleString('en-US')} hours`;
