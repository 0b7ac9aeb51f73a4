import type { ReportInput, ReportResult } from '../contracts/stages.ts';
import type { StageContext } from '../stages/context.ts';
import { explainInput, type Explanation } from '../contracts/explain.ts';
import { readExplanation } from '../explain/document.ts';
import { MissingDataError } from '../errors.ts';
import { explain } from '../explain/stage.ts';
import { readManifest } from '../lake/artifacts.ts';
import { renderPage } from './page.ts';
import { gatherReport, type ReportData } from './report-data.ts';
import { writePageOnce } from './write-page.ts';

/** Raised when the page tells the same data differently. */
const STAGE_VERSION = 4;
/** Enough to tell an importance from chance, at half of what `explain` takes by itself. */
const REPEATS = 3;

/** Writes `reports/<key>.html`, one self-contained page about a registered model; the same input again is done once. */
export async function writeReport(context: StageContext, input: ReportInput): Promise<ReportResult> {
  const { home } = context;
  const written = await writePageOnce(home, { stage: 'report', version: STAGE_VERSION, input }, async () => {
    const data = await gatherReport(home, input);
    context.signal.throwIfAborted();
    return renderPage({ ...data, explanation: await explanationOf(context, input, data) });
  });
  context.progress({ stage: 'report', done: 1, total: 1, unit: 'pages' });
  return written;
}

/** Why the forecaster forecasts what it does, on the hours that it was scored on; a network alone is not asked. */
async function explanationOf(
  context: StageContext,
  { forecaster }: ReportInput,
  { scores }: ReportData,
): Promise<Explanation | undefined> {
  if (!forecaster) return undefined;
  const asked = { manifest: forecaster, period: scores.protocol.score, repeats: REPEATS };
  try {
    const { dataset } = await explain(context, explainInput.parse(asked));
    return await readExplanation(context.home, await readManifest(context.home, dataset, 'explanation'));
  } catch (error) {
    if (!(error instanceof MissingDataError)) throw error;
    // A score of one day is a report all the same.
    context.log.warn({ reason: error.message }, 'the report does without an explanation');
    return undefined;
  }
}
