/** Where a version's model comes from; crosses to the thread that runs it. */
export type ModelSource =
  /** The network of a registered version of the home. */
  | { kind: 'registered'; root: string; name: string; version: number }
  /** The folder of a SavedModel. */
  | { kind: 'saved-model'; folder: string };
