import type { ReportInput, ReportResult } from '../contracts/stages.ts';
import type { StageContext } from '../stages/context.ts';
import { renderPage } from './page.ts';
import { gatherReport } from './report-data.ts';
import { writePageOnce } from './write-page.ts';

/** Raised when the page tells the same data differently. */
const STAGE_VERSION = 3;

/** Writes `reports/<key>.html`, one self-contained page about a registered model; the same input again is done once. */
export async function writeReport(context: StageContext, input: ReportInput): Promise<ReportResult> {
  const { home } = context;
  const written = await writePageOnce(home, { stage: 'report', version: STAGE_VERSION, input }, async () => {
    const data = await gatherReport(home, input);
    context.signal.throwIfAborted();
    return renderPage(data);
  });
  context.progress({ stage: 'report', done: 1, total: 1, unit: 'pages' });
  return written;
}
