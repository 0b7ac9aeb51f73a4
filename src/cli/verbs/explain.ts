import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { explainInput } from '../../contracts/explain.ts';
import { BadInputError } from '../../errors.ts';
import { parseChange } from '../../explain/column-changes.ts';
import { readExplanation } from '../../explain/document.ts';
import { readManifest } from '../../lake/artifacts.ts';
import { resolveDataset } from '../datasets.ts';
import { explanationLines } from '../explanation-view.ts';
import { defineVerb, integer, list, regionList } from '../flags.ts';
import { checkInput, checkModelName, checkRegions, parseRange } from '../input.ts';
import { perform } from '../session.ts';
import { callStage } from '../stage-call.ts';

interface Options {
  modelVersion?: number;
  manifest?: string;
  regions?: string[];
  period?: string;
  issuedAt?: string;
  whatIf?: string[];
  groups?: string[];
  repeats?: number;
  seed?: number;
  html?: string;
}

export function defineExplain(program: Command): void {
  defineVerb(
    program,
    'explain [name]',
    'Say why a model forecasts what it does: what each group of inputs is worth, which past hours it looks at, and what if.',
    [
      'explain --regions ERCO',
      'explain day-ahead --issued-at 2018-05-17T16',
      "explain --regions ERCO --issued-at 2018-05-17T16 --what-if holiday=1 --what-if 'level_1d=+0.05'",
    ],
  )
    .option('--model-version <number>', 'default: the champion', integer)
    .option('--manifest <uri>', 'a forecaster or training manifest of the home in place of a model')
    .option('--regions <codes>', 'comma-separated (default: all that it forecasts)', regionList)
    .option('--period <from..to>', 'hours to explain (default: those that its sequences are to be scored on)')
    .option(
      '--issued-at <hour>',
      'UTC, such as 2018-05-17T16: explain the last forecast that was issued by then',
    )
    .option(
      '--what-if <change>',
      'column=value, column=+shift, column=-shift or column=*factor; may be repeated. Of --issued-at, or the last forecast',
      (text: string, before: string[] = []) => [...before, text],
    )
    .option('--groups <names>', 'comma-separated groups of inputs to exchange (default: all there are)', list)
    .option('--repeats <number>', 'exchanges a group (default: 5)', integer)
    .option('--seed <number>', 'decides the exchanges (default: 1)', integer)
    .option('--html <file>', 'writes it there too, as one page with charts')
    .action(
      perform<Options>(async (session, options, [name]) => {
        const { modelVersion, manifest, regions, period, whatIf, ...rest } = options;
        const { issuedAt, groups, repeats, seed } = rest;
        const home = await session.home();
        const input = checkInput(explainInput, {
          ...{ issuedAt, groups, repeats, seed },
          name: checkModelName(name),
          version: modelVersion,
          manifest: manifest && (await resolveDataset(home, kindOf(manifest), manifest)),
          regions: checkRegions(regions),
          period: parseRange(period, '--period'),
          whatIf: whatIf?.map(parseChange),
        });
        const { dataset } = await callStage(session, 'explain', input);
        const explanation = await readExplanation(home, await readManifest(home, dataset, 'explanation'));
        const text = [...explanationLines(explanation), `explanation  ${dataset.uri}`];
        if (options.html !== undefined) {
          // Charts bring a document model with them, which only this asks for.
          const { renderExplanationPage } = await import('../../report/explanation-page.ts');
          await writePage(options.html, renderExplanationPage(explanation));
          text.push(`page         ${pathToFileURL(resolve(options.html)).href}`);
        } else {
          text.push('page         --html FILE writes one, with charts');
        }
        return { json: { dataset, ...explanation }, text };
      }),
    );
}

const kindOf = (uri: string) => (uri.startsWith('manifests/forecaster/') ? 'forecaster' : 'training');

async function writePage(file: string, page: string): Promise<void> {
  await writeFile(file, page).catch((error: NodeJS.ErrnoException) => {
    throw new BadInputError(
      `${file} cannot be written: ${error.message}.`,
      'Give a file in a folder that is there.',
    );
  });
}
