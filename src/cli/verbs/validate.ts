import type { Command } from 'commander';
import { replayInput, validationInput } from '../../contracts/stages.ts';
import { BadInputError } from '../../errors.ts';
import type { ReplayResult } from '../../validation/replay-stage.ts';
import { resolveDataset } from '../datasets.ts';
import { defineVerb, regionList } from '../flags.ts';
import { checkInput, checkRegions, parseRange } from '../input.ts';
import { readRules } from '../rules-file.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { callStage } from '../stage-call.ts';
import { stageAnswer } from '../stage-view.ts';
import { table } from '../table.ts';

interface Options {
  dataset?: string;
  regions?: string[];
  period?: string;
  rules?: string;
  replay?: boolean;
}

export function defineValidate(program: Command): void {
  defineVerb(
    program,
    'validate',
    'Judge every hour of a grid dataset; impute where that is allowed, quarantine what is bad.',
    ['validate --regions PACW,ERCO', 'validate --replay --rules tolerant.json'],
  )
    .option(
      '--dataset <uri>',
      'a grid manifest of the home, with --replay a validated one (default: the newest)',
    )
    .option('--regions <codes>', 'comma-separated (default: all distinct ones)', regionList)
    .option('--period <from..to>', 'dates such as 2016..2018 (default: all the dataset has)')
    .option('--rules <file>', 'JSON with other limits and effects than those of the rules as shipped')
    .option('--replay', 'change nothing: judge the quarantined rows again and count those that would pass')
    .action(
      perform<Options>(async (session, options) => {
        if (options.replay) return replay(session, options);
        const choice = {
          regions: checkRegions(options.regions),
          period: parseRange(options.period, '--period'),
          rules: await readRules(options.rules),
        };
        const dataset = await resolveDataset(await session.home(), 'grid', options.dataset);
        const input = checkInput(validationInput, { dataset, ...choice });
        return stageAnswer(await callStage(session, 'validate', input));
      }),
    );
}

async function replay(session: Session, { dataset, regions, period, rules }: Options): Promise<Answer> {
  if (regions !== undefined || period !== undefined) {
    throw new BadInputError(
      '--replay takes the regions and the period of the dataset.',
      'Leave out --regions and --period.',
    );
  }
  const changes = await readRules(rules);
  const validated = await resolveDataset(await session.home(), 'validated', dataset);
  const input = checkInput(replayInput, { dataset: validated, rules: changes });
  const result = await callStage(session, 'replayQuarantine', input);
  return { json: result, text: describeReplay(result) };
}

function describeReplay({ dataset, quarantined, wouldPass, rows }: ReplayResult): string[] {
  const summary = `${wouldPass} of ${quarantined} quarantined rows of ${dataset.uri} would pass now`;
  if (rows.length === 0) return [summary];
  const lines = rows.map((row) => [
    `${row.region} ${row.verdict}`,
    String(row.quarantined),
    String(row.wouldPass),
  ]);
  return [table(['refused for', 'rows', 'would pass'], lines), '', summary];
}
