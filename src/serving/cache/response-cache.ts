/**
 * Answers by the key of what was asked (`cache-key.ts`), as bytes (`tensor-bytes.ts`). A cache may forget at any time
 * and never fails a prediction: what goes wrong within it is a value that is not there.
 */
export interface ResponseCache {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Returns at once; whoever asks right after may still find nothing. What is given is not written to again. */
  set(key: string, value: Uint8Array): void;
  close(): Promise<void>;
}
