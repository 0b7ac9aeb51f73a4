import { open, type FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { abOutcome, variant, type ABTestConfig } from '../contracts/ab-test.ts';
import { requestId } from '../contracts/stages.ts';
import type { Home } from '../lake/home.ts';
import { linesOf } from '../lake/json-lines.ts';
import { unlessGone } from '../lake/storage-failure.ts';
import { Evaluation } from './evaluation.ts';
import { testUri } from './store.ts';

export const EXPOSURES = 'exposures.jsonl';
export const OUTCOMES = 'outcomes.jsonl';
const BYTES_AT_ONCE = 2 ** 20;
const LINES_AT_ONCE = 500;
const NEWLINE = 0x0a;

const exposureLine = z.strictObject({ at: z.string(), request: requestId, unit: z.string(), variant });
const outcomeLine = abOutcome.extend({ at: z.string() });

/** How far a file was read. */
interface Place {
  inode: number;
  bytes: number;
  lines: number;
}

/**
 * A test by its files, for whoever asks often: each time only what was added is read. An outcome stands behind the
 * exposure it is of, so that it makes no difference how much is read at once. A last line without its end is one that
 * a crash cut off, or that is being written: it is read once it has ended.
 */
export class FollowedTest {
  private readonly home: Home;
  private readonly config: ABTestConfig;
  private evaluation: Evaluation;
  private places = new Map<string, Place>();

  constructor(home: Home, config: ABTestConfig) {
    this.home = home;
    this.config = config;
    this.evaluation = new Evaluation(config);
  }

  /** As the files have it now. One at a time. */
  async read(): Promise<Evaluation> {
    try {
      await this.readMore();
    } catch (error) {
      this.forget();
      throw error;
    }
    return this.evaluation;
  }

  /** Of whoever has put something into what was read that did not come into the files. */
  forget(): void {
    this.evaluation = new Evaluation(this.config);
    this.places = new Map();
  }

  private async readMore(): Promise<void> {
    const isSame = await this.follow(EXPOSURES, exposureLine, (line) => this.evaluation.expose(line));
    if (isSame && (await this.follow(OUTCOMES, outcomeLine, (line) => this.evaluation.add(line)))) return;
    this.forget();
    await this.readMore();
  }

  /** False: it is another file than before, such as one from a backup. */
  private async follow<Schema extends z.ZodType>(
    file: string,
    schema: Schema,
    take: (line: z.output<Schema>) => void,
  ): Promise<boolean> {
    const uri = testUri(this.config.test_name, file);
    const path = this.home.path(uri);
    const before = this.places.get(file);
    const handle = await open(path, 'r').catch(unlessGone(path, null));
    if (!handle) return before === undefined;
    try {
      const { ino: inode, size } = await handle.stat();
      const place = before ?? { inode, bytes: 0, lines: 0 };
      if (place.inode !== inode || size < place.bytes) return false;
      this.places.set(file, place);
      let count = 0;
      for await (const { text, bytes } of wholeLines(handle, place.bytes, size)) {
        const what = { uri, what: 'what an A/B test writes', linesBefore: place.lines };
        for (const line of linesOf(text, schema, what)) {
          take(line);
          // Whoever reads a long file answers others meanwhile: some milliseconds at once.
          if (++count % LINES_AT_ONCE === 0) await setImmediate();
        }
        place.bytes += bytes;
        place.lines += text.split('\n').length - 1;
      }
      return true;
    } finally {
      await handle.close();
    }
  }
}

/** Up to the last line that has an end. */
async function* wholeLines(
  handle: FileHandle,
  start: number,
  size: number,
): AsyncGenerator<{ text: string; bytes: number }> {
  let rest = Buffer.alloc(0);
  for (let from = start; from < size;) {
    const chunk = Buffer.alloc(Math.min(BYTES_AT_ONCE, size - from));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, from);
    if (bytesRead === 0) return;
    from += bytesRead;
    const all = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    const end = all.lastIndexOf(NEWLINE) + 1;
    rest = Buffer.from(all.subarray(end));
    if (end > 0) yield { text: all.toString('utf8', 0, end), bytes: end };
  }
}
