import { lifecycleEvent, type LifecycleEvent } from '../contracts/lifecycle.ts';
import type { VouchedRequest } from '../contracts/voucher.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { appendLines, linesOf } from '../lake/json-lines.ts';
import { textIfThere } from '../lake/text-file.ts';
import { historyUri, modelNames } from './layout.ts';
import { isVouchedFor } from '../signing/voucher.ts';
import { withModelLock } from './lock.ts';

/**
 * Adds an event to `models/<name>/history.jsonl`: who, when, why, and whether the identity is more than a claim. An
 * event that is already the last one is not written twice, so that a retried activity leaves one line. A model that
 * nobody registered has no folder and gets none: what was asked of it stands in the audit.
 */
export async function appendHistory(
  { home }: { home: Home },
  { name, event, vouched }: { name: string; event: LifecycleEvent; vouched?: VouchedRequest },
): Promise<void> {
  const path = home.path(historyUri(name));
  const claim = { model: name, by: event.by, when: event.at };
  const isSure = vouched !== undefined && (await isVouchedFor(home, claim, vouched));
  const line = lifecycleEvent.parse({ ...event, identity: isSure ? event.identity : 'claimed' });
  if (!(await modelNames(home)).includes(name)) return;
  await withModelLock(home, name, async () => {
    const text = (await textIfThere(path)) ?? '';
    if (!text.endsWith(`${canonicalJson(line)}\n`)) await appendLines(path, text, [line]);
  });
}

/** All events, oldest first. A last line cut off by a crash is left out; any other damage is an error. */
export async function readHistory(
  { home }: { home: Home },
  { name }: { name: string },
): Promise<LifecycleEvent[]> {
  const uri = historyUri(name);
  const text = (await textIfThere(home.path(uri))) ?? '';
  return [...linesOf(text, lifecycleEvent, { uri, what: 'an event' })];
}
