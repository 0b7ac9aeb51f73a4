import type { SourceRows } from './source-rows.ts';

/** What fetching one window brought. */
export interface Fetched {
  rows: SourceRows;
  pages: number;
  /** Pages whose reply was already stored. */
  pagesReused: number;
  /** Size of the replies as they came, in bytes. */
  bytes: number;
  warnings: string[];
}

/** Hears after each page; `expected` is how many there will be, as far as is known. */
export type FetchListener = (fetched: Fetched, expected: number) => void;
