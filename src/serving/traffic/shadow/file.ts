import { CorruptArtifactError } from '../../../errors.ts';
import { writeFileAtomic } from '../../../lake/atomic-write.ts';
import { canonicalJson } from '../../../lake/canonical.ts';
import { withLock } from '../../../lake/file-lock.ts';
import type { Home } from '../../../lake/home.ts';
import { readDocument } from '../../../lake/text-file.ts';
import { requireModelName } from '../../../registry/layout.ts';
import { mergeSummaries, shadowSummary, type ShadowSummary } from './summary.ts';

const summaryUri = (model: string) => `serving/shadow/${requireModelName(model)}.json`;

/** What came of a model's last shadow; null while nothing did. */
export async function readSummary(home: Home, model: string): Promise<ShadowSummary | null> {
  const uri = summaryUri(model);
  const found = await readDocument(home, uri, shadowSummary, (what) => damaged(uri, what));
  return found ?? null;
}

/** Adds what one process has seen. A shadow that was started later is told of alone. */
export async function addToSummary(home: Home, seen: ShadowSummary): Promise<void> {
  const uri = summaryUri(seen.name);
  await withLock(home.path(uri), `what came of the shadow of ${seen.name}`, async () => {
    const before = await readSummary(home, seen.name);
    if (before && before.generation > seen.generation) return;
    const after = before?.generation === seen.generation ? mergeSummaries(before, seen) : seen;
    await writeFileAtomic(home.path(uri), `${canonicalJson(after)}\n`);
  });
}

const damaged = (uri: string, what: string) =>
  new CorruptArtifactError(
    `${uri} is not what a shadow writes: ${what}.`,
    'Delete it: the comparison begins anew.',
  );
