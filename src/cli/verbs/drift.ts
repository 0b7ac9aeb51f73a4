import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { driftInput } from '../../contracts/drift.ts';
import { BadInputError } from '../../errors.ts';
import { readManifest } from '../../lake/artifacts.ts';
import { pageOf, readDrift } from '../../monitoring/drift/report.ts';
import { thresholdsOf, type DriftFlags } from '../drift-flags.ts';
import { compareTables } from '../drift-of-tables.ts';
import { driftLines } from '../drift-view.ts';
import { resolveDataset } from '../datasets.ts';
import { decimal, defineVerb, integer, regionList } from '../flags.ts';
import { checkInput, checkModelName, checkRegions } from '../input.ts';
import { perform } from '../session.ts';
import { callStage } from '../stage-call.ts';

export function defineDrift(program: Command): void {
  defineVerb(
    program,
    'drift [name]',
    'Whether what a model sees, says and errs by is still what it was; or how two tables of any data differ.',
    [
      'drift day-ahead --as-of 2019-05-20T00',
      'drift --regions ERCO --window-days 14 --html drift.html',
      'drift --reference before.csv --current now.csv --predictions score --labels outcome',
    ],
  )
    .option('--model-version <number>', 'default: the champion', integer)
    .option('--regions <codes>', 'comma-separated (default: all that the model was trained on)', regionList)
    .option('--as-of <hour>', 'UTC, such as 2019-05-20T00; nothing later counts (default: the newest demand)')
    .option('--window-days <number>', 'newest days that are held against what was (default: 30)', integer)
    .option(
      '--grid <uri>',
      'a grid manifest of the home (default: for each region the one that reaches furthest)',
    )
    .option('--html <file>', 'writes the page there too')
    .option('--psi <number>', 'index above which a series may have drifted (default: 0.25)', decimal)
    .option('--p <number>', 'p-value, adjusted, up to which it then has (default: 0.05)', decimal)
    .option('--accuracy-drop <share>', 'of a regressor accuracy is 1 − MAPE (default: 0.05)', decimal)
    .option('--error-growth <share>', 'of the error itself; of a model of the grid (default: 0.25)', decimal)
    .option('--f1-drop <share>', 'of a classifier (default: 0.1)', decimal)
    .option('--reference <file>', 'a CSV file, in place of a model: what was')
    .option('--current <file>', 'a CSV file with the same columns: what is')
    .option('--predictions <column>', 'of both files: what a model said, which is then no input')
    .option('--actuals <column>', 'of both files: what came, of a regressor')
    .option('--labels <column>', 'of both files: what came, of a classifier')
    .action(
      perform<DriftFlags>(async (session, options, [name]) => {
        if (options.reference !== undefined || options.current !== undefined) {
          return compareTables(options, name);
        }
        const stray = (['predictions', 'actuals', 'labels'] as const).find(
          (flag) => options[flag] !== undefined,
        );
        if (stray) {
          throw new BadInputError(
            `--${stray} is for two files.`,
            'Give --reference and --current, or leave it out.',
          );
        }
        const home = await session.home();
        const { modelVersion, regions, asOf, windowDays, grid, html } = options;
        const input = checkInput(driftInput, {
          ...{ name: checkModelName(name), version: modelVersion, asOf, windowDays },
          regions: checkRegions(regions),
          grid: grid === undefined ? undefined : await resolveDataset(home, 'grid', grid),
          thresholds: thresholdsOf(options),
        });
        const result = await callStage(session, 'checkDrift', input);
        const manifest = await readManifest(home, result.dataset, 'drift');
        const report = await readDrift(home, manifest);
        const text = driftLines(report.document);
        if (html !== undefined) {
          await writePage(html, report.page);
          text.push(`page    ${html}`);
        }
        return {
          json: { ...result, report: report.document },
          text: [...text, `report  ${pathToFileURL(pageOf(home, manifest)).href}`],
        };
      }),
    );
}

async function writePage(file: string, page: string): Promise<void> {
  await writeFile(file, page).catch((error: NodeJS.ErrnoException) => {
    throw new BadInputError(
      `${file} cannot be written: ${error.message}.`,
      'Give a file in a folder that is there.',
    );
  });
}
