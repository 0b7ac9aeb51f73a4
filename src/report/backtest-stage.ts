import { readHours } from '../backtest/hours-file.ts';
import { isRolling } from '../backtest/rolling/document.ts';
import type { ScoresDocument } from '../backtest/scores.ts';
import type { BacktestReportInput } from '../contracts/rolling-backtest.ts';
import type { ReportResult } from '../contracts/stages.ts';
import { BadInputError } from '../errors.ts';
import { readArtifact, readManifest, verifiedPath } from '../lake/artifacts.ts';
import type { StageContext } from '../stages/context.ts';
import { renderBacktestPage } from './backtest-page.ts';
import { readFan } from './fan.ts';
import { fileOf } from './report-data.ts';
import { writePageOnce } from './write-page.ts';

/** Raised when the page tells the same data differently. */
const STAGE_VERSION = 1;

/** Writes `reports/<key>.html`, one self-contained page about a rolling backtest; the same input again is done once. */
export async function writeBacktestReport(
  context: StageContext,
  input: BacktestReportInput,
): Promise<ReportResult> {
  const { home, signal, progress } = context;
  const written = await writePageOnce(
    home,
    { stage: 'backtestReport', version: STAGE_VERSION, input },
    async () => {
      const backtest = await readManifest(home, input.backtest, 'backtest');
      const document = JSON.parse(
        (await readArtifact(home, fileOf(backtest, 'scores'))).toString('utf8'),
      ) as ScoresDocument;
      if (!isRolling(document)) {
        throw new BadInputError(
          `The backtest ${backtest.key} was not rolled.`,
          'Give one that `backtest --rolling` made.',
        );
      }
      const path = await verifiedPath(home, fileOf(backtest, 'hours'));
      const hours = await readHours(path);
      const levels = document.regions[0]?.quantiles['model']?.levels ?? [];
      const fan = await readFan(path, levels);
      signal.throwIfAborted();
      return renderBacktestPage({ name: input.name, backtest: input.backtest, document, hours, fan });
    },
  );
  progress({ stage: 'report', done: 1, total: 1, unit: 'pages' });
  return written;
}
