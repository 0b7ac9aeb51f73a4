import { open } from 'node:fs/promises';
import type { z } from 'zod';
import { CorruptArtifactError } from '../errors.ts';
import { canonicalJson } from './canonical.ts';
import { storageFailure } from './storage-failure.ts';
import { jsonOf } from './text-file.ts';

/** Adds lines for good, behind what stands in the file `before`: whoever asks holds the lock under which it was read. */
export async function appendLines(path: string, before: string, records: readonly object[]): Promise<void> {
  const lines = records.map((record) => `${canonicalJson(record)}\n`).join('');
  try {
    const handle = await open(path, 'a', 0o600);
    try {
      // A crash can leave the last line without its end; the next one must not be glued to it.
      await handle.appendFile(before === '' || before.endsWith('\n') ? lines : `\n${lines}`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw storageFailure(error, path) ?? error;
  }
}

/** A line that a crash cut off is left out; JSON that is not `what` is an error. */
export function* linesOf<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  { uri, what, linesBefore = 0 }: { uri: string; what: string; linesBefore?: number },
): Generator<z.output<Schema>> {
  for (const [i, line] of text.split('\n').entries()) {
    const json = jsonOf(line);
    if (json === undefined) continue;
    const parsed = schema.safeParse(json);
    if (!parsed.success) {
      throw new CorruptArtifactError(
        `Line ${linesBefore + i + 1} of ${uri} is not ${what}.`,
        'Restore the file from a backup, or remove the line.',
      );
    }
    yield parsed.data;
  }
}
