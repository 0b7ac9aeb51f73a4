import type { Command } from 'commander';
import { forecastInput } from '../../contracts/stages.ts';
import { QUANTILES } from '../../day-ahead/issue-table.ts';
import { resolveDataset } from '../datasets.ts';
import { forecastOwnSeries, isSeriesModel } from '../csv-forecast.ts';
import { defineVerb, integer, regionList } from '../flags.ts';
import { checkInput, checkModelName, checkRegions } from '../input.ts';
import { perform } from '../session.ts';
import { callStage } from '../stage-call.ts';
import { table } from '../table.ts';

const HEADER = ['hour ending, UTC', 'lead, h', 'forecast, MW', 'p10', 'p90', 'latest known, MW'];

interface Options {
  modelVersion?: number;
  regions?: string[];
  issuedAt?: string;
  grid?: string;
  csv?: string;
  user?: string;
  request?: string;
}

export function defineForecast(program: Command): void {
  defineVerb(
    program,
    'forecast [name]',
    'Forecast the next hours by a registered model, from what was known at the issue time.',
    [
      'forecast day-ahead --regions ERCO',
      'forecast --issued-at 2018-05-17T16',
      'forecast series --csv newer.csv',
    ],
  )
    .option('--model-version <number>', 'default: the champion', integer)
    .option('--regions <codes>', 'comma-separated (default: all that the model knows)', regionList)
    .option(
      '--issued-at <hour>',
      "UTC, such as 2018-05-17T16; at a model's issue hour it answers the next day with quantiles, else the next hours (default: the newest day ahead)",
    )
    .option(
      '--grid <uri>',
      'a grid manifest of the home (default: for each region the one that reaches furthest)',
    )
    .option('--csv <file>', 'newer rows, for a model of a series of your own (`train --csv`)')
    .option(
      '--user <id>',
      'who asks: an A/B test answers a user always alike, and the share of a canary is drawn by user too',
    )
    .option(
      '--request <id>',
      'names the call to an A/B test that runs (default: made of the call and the user)',
    )
    .action(
      perform<Options>(
        async (session, { modelVersion, regions, issuedAt, grid, csv, user, request }, [name]) => {
          const asked = {
            name: checkModelName(name) ?? 'day-ahead',
            version: modelVersion,
            csv,
            user,
            request,
          };
          if (csv !== undefined || (await isSeriesModel(session, asked))) {
            return forecastOwnSeries(session, asked, {
              '--regions': regions,
              '--issued-at': issuedAt,
              '--grid': grid,
            });
          }
          const choice = {
            name: checkModelName(name),
            version: modelVersion,
            regions: checkRegions(regions),
            issuedAt,
            user,
            request,
          };
          const input = checkInput(forecastInput, {
            ...choice,
            grid: grid === undefined ? undefined : await resolveDataset(await session.home(), 'grid', grid),
          });
          const result = await callStage(session, 'forecast', input);
          const { name: model, version } = result.model;
          const at = (level: number) => QUANTILES.indexOf(level as (typeof QUANTILES)[number]);
          const rows = result.rows.map(({ region, hour, lead, forecastMw, quantilesMw, latestKnownMw }) => [
            `${region} ${hour}`,
            ...[lead, forecastMw, quantilesMw?.[at(0.1)], quantilesMw?.[at(0.9)], latestKnownMw].map(
              (value) => value?.toFixed(0) ?? '–',
            ),
          ]);
          const issued = result.answers.map(({ region, issuedAt, by }) => `${region} ${issuedAt} (${by})`);
          const { role, why, test } = result.answeredBy;
          const who = role === 'canary' || test ? `${role}: ${why}` : why;
          const head = `${model} version ${version} (${who}), ${result.dataset.uri}\nissued at ${issued.join(', ')}`;
          const lacks = result.withoutOperator?.join(', ');
          const note = lacks
            ? ['', `the operator's forecast of the day is missing for ${lacks}: the model goes by the rest`]
            : [];
          const rate = test ? ['', `how good was it? \`ab rate ${test.name} ${test.request} 1..5\``] : [];
          return { json: result, text: [head, '', table(HEADER, rows), ...note, ...rate] };
        },
      ),
    );
}
