import type { JournalEntry } from '../../src/training/recovery/journal.ts';

/** What an epoch of a ring of two has written down before its first step. */
export const journalEntry = (epoch: number, more: Partial<JournalEntry> = {}): JournalEntry => ({
  epoch,
  resumedAt: 0,
  from: 'seed',
  begun: 0,
  ended: false,
  ringSize: 2,
  numerics: 'n',
  ...more,
});
