import { readFile } from 'node:fs/promises';
import type { ReportResult } from '../contracts/stages.ts';
import { referTo } from '../lake/artifacts.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { sha256, workKey } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';

/** Writes `reports/<key>.html`, the key being what `work` hashes to; a page that is there and whole is left alone. */
export async function writePageOnce(
  home: Home,
  work: { stage: string; version: number; input: unknown },
  render: () => Promise<string>,
): Promise<ReportResult> {
  const uri = `reports/${workKey(work)}.html`;
  if (await isWhole(home, uri)) return { report: await referTo(home, uri), reused: true };
  const page = await render();
  await writeFileAtomic(home.path(uri), page + sealOf(page));
  return { report: await referTo(home, uri), reused: false };
}

/** A report has no manifest, so the page carries the hash of itself. */
const sealOf = (page: string) => `\n<!-- sha256:${sha256(page)} -->\n`;

async function isWhole(home: Home, uri: string): Promise<boolean> {
  const text = await readFile(home.path(uri), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const end = text.lastIndexOf('\n<!-- sha256:');
  return end !== -1 && text.slice(end) === sealOf(text.slice(0, end));
}
