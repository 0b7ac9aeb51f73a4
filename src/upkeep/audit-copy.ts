import { copyFile, readFile, stat, truncate } from 'node:fs/promises';
import { HEAD_URI, LOG_URI } from '../audit/chain.ts';
import { auditHead } from '../contracts/audit.ts';

/**
 * Copies an audit that may be growing: the head first, then the log up to where that head ends. A log that is longer
 * than its head, or shorter, is what somebody's change looks like. A head that says nothing is copied as it is, with
 * all of the log, for `audit verify` to judge.
 */
export async function copyAudit(
  copy: (uri: string, write: (from: string, to: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  let length: number | undefined;
  await copy(HEAD_URI, async (from, to) => {
    await copyFile(from, to);
    length = lengthOf(await readFile(to, 'utf8'));
  });
  await copy(LOG_URI, async (from, to) => {
    await copyFile(from, to);
    // What stands behind it is appended by then, or is the line that the head says is being appended.
    if (length !== undefined && (await stat(to)).size > length) await truncate(to, length);
  });
}

function lengthOf(head: string): number | undefined {
  try {
    return auditHead.safeParse(JSON.parse(head)).data?.bytes;
  } catch {
    return undefined;
  }
}
