import type { Quality } from '../quality/quality-of.ts';
import type { FilesState } from '../state/files-state.ts';

/** What can be asked of the thread that reads the home; `''` is of all models. */
export interface Readings {
  quality: Quality;
  files: FilesState;
}

export type Asked = { id: number; kind: keyof Readings; model: string };
export type Answered =
  | { id: number; value: Readings[keyof Readings]; problem?: undefined }
  | { id: number; value?: undefined; problem: string };
