import type { Command } from 'commander';
import { ingestionInput, type IngestionInput, type IngestionOutcome } from '../../contracts/ingestion.ts';
import type { IngestionProgress } from '../../contracts/progress.ts';
import { defineVerb, list, regionList } from '../flags.ts';
import { follow } from '../follow.ts';
import { checkInput, checkPeriod, checkRegions } from '../input.ts';
import { compact, duration } from '../progress.ts';
import { perform, type Session } from '../session.ts';
import { callStage } from '../stage-call.ts';
import { pairs, table } from '../table.ts';
import { withTemporal, type TemporalPlace } from '../temporal-session.ts';
import { counted } from '../../errors.ts';

interface Options {
  source?: string;
  regions?: string[];
  routes?: string[];
  from?: string;
  to?: string;
  test?: boolean;
  dfAvailability?: string;
}

export function defineIngest(program: Command): void {
  defineVerb(
    program,
    'ingest',
    "Fetch the hourly record into the lake, under the source's rate limit; what is stored is not fetched again.",
    [
      'ingest --test',
      'ingest --regions PACW,ERCO --from 2019 --to 2025',
      'ingest --source caiso --regions CISO --from 2024-01 --to 2024-01',
    ],
  )
    .option('--source <name>', 'eia or caiso (default: eia)')
    .option('--regions <codes>', 'comma-separated (default: all distinct ones)', regionList)
    .option(
      '--routes <names>',
      'comma-separated (default: region-data and fuel-type-data; all three reports for CAISO)',
      list,
    )
    .option('--from <date>', 'year, month or day (default: the first hour the source has)')
    .option('--to <date>', 'year, month or day, included (default: the last hour the source has)')
    .option('--test', 'January 2024 only, whatever --from and --to say')
    .option('--df-availability <whose>', 'when a day-ahead forecast is known: operator (default) or eia')
    .action(
      perform<Options>(async (session, { source, regions, routes, from, to, test, dfAvailability }) => {
        const input = checkInput(ingestionInput, {
          ...{ source, routes, dfAvailability },
          regions: checkRegions(regions),
          ...checkPeriod({ from, to }),
          mode: test ? 'test' : undefined,
        });
        return withTemporal(session, { purpose: 'ingest' }, async (place) => {
          await sayOpening(session, place, input);
          const started = Date.now();
          const outcome = await fetchAll(session, place, input);
          return closing(outcome, (Date.now() - started) / 1000);
        });
      }),
    );
}

/** Period, mode and estimate. On someone else's cluster only its workers may reach the source: they plan there. */
async function sayOpening(session: Session, { config }: TemporalPlace, input: IngestionInput): Promise<void> {
  if (config.eiaBaseUrl === undefined && config.eiaApiKey === undefined) {
    session.say(`mode ${input.mode}; period and estimate stand in the details of the run in the Temporal UI`);
    return;
  }
  const { period, estimate, windows } = await callStage({ ...session, config }, 'planIngestion', input);
  session.say(
    `period ${period.from} to ${period.to} UTC, mode ${input.mode}, ${counted(windows.length, 'window')}`,
  );
  session.say(
    `estimate: ${compact(estimate.records)} records in ${estimate.requests} requests, about ${duration(estimate.seconds)}`,
  );
}

async function fetchAll(
  session: Session,
  { client }: TemporalPlace,
  input: IngestionInput,
): Promise<IngestionOutcome> {
  const { startIngestion } = await import('../../temporal/runs.ts');
  const { workflowIds } = await import('../../temporal/names.ts');
  const { ingestionProgressQuery } = await import('../../temporal/messages.ts');
  const window = input.mode === 'test' ? 'test' : `${input.from ?? 'first'}..${input.to ?? 'last'}`;
  const name = input.source === 'eia' ? window : `${input.source}-${window}`;
  const run = await startIngestion(client, {
    workflowId: workflowIds.ingestion(input.regions, name),
    input,
    summary: `The hourly record of ${input.regions.join(', ')}`,
  });
  if (run.attached) session.say(`${run.workflowId} runs already: following it`);
  return follow(session, run.result, async () => {
    const { windows, done, records, failed }: IngestionProgress =
      await run.handle.query(ingestionProgressQuery);
    const note = [
      `${compact(records)} records`,
      failed.length > 0 ? `${counted(failed.length, 'window')} failed` : '',
    ];
    if (windows > 0) {
      session.progress.show({
        stage: 'ingest',
        done,
        total: windows,
        unit: 'windows',
        note: note.filter(Boolean).join(', '),
      });
    }
  });
}

function closing(outcome: IngestionOutcome, seconds: number) {
  const recordsPerSecond = Math.round(outcome.records / seconds);
  const facts = {
    dataset: outcome.dataset.uri,
    period: `${outcome.period.from} to ${outcome.period.to} UTC`,
    mode: outcome.mode,
    files: outcome.files,
    records: outcome.records,
    bytes: outcome.bytes,
    duration: duration(seconds),
    'records per second': recordsPerSecond,
    'success rate': `${(outcome.successRate * 100).toFixed(2)} %`,
    pages: `${outcome.pages}, ${outcome.pagesReused} of them stored before`,
  };
  const rows = outcome.account.map((line) => [
    `${line.region} ${line.series}`,
    ...[line.present, line.missing, line.revised, line.quarantined].map(String),
    line.firstHour ?? '-',
    line.lastHour ?? '-',
  ]);
  const header = ['series', 'present', 'missing', 'revised', 'quarantined', 'first hour', 'last hour'];
  const text = [pairs(facts), '', table(header, rows)];
  return {
    json: { ...outcome, durationSeconds: seconds, recordsPerSecond },
    text,
    exitCode: outcome.failedWindows > 0 ? 1 : 0,
  };
}
