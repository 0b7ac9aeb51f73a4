import { readFile } from 'node:fs/promises';
import type { ReportInput, ReportResult } from '../contracts/stages.ts';
import { referTo } from '../lake/artifacts.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { sha256, workKey } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';
import { renderPage } from './page.ts';
import { gatherReport } from './report-data.ts';

/** Raised when the page tells the same data differently. */
const STAGE_VERSION = 2;

/** Writes `reports/<key>.html`, one self-contained page about a registered model; the same input again is done once. */
export async function writeReport(context: StageContext, input: ReportInput): Promise<ReportResult> {
  const { home } = context;
  const uri = `reports/${workKey({ stage: 'report', version: STAGE_VERSION, input })}.html`;
  if (await isWhole(home, uri)) return { report: await referTo(home, uri), reused: true };
  const data = await gatherReport(home, input);
  context.signal.throwIfAborted();
  const page = renderPage(data);
  await writeFileAtomic(home.path(uri), page + sealOf(page));
  context.progress({ stage: 'report', done: 1, total: 1, unit: 'pages' });
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
