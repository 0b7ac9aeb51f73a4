import type { JobRecord } from '../contracts/jobs.ts';
import type { JobAccount, JobsAccount, ModelAccount, Reign } from './jobs-account.ts';

const NAME_WIDTH = 12;
/** Not worth a look at the lines above. */
const SHORT_SENTENCE = 60;

/** The account as lines for a person. */
export function jobLines({ models, temporal }: JobsAccount): string[] {
  const lines = models.flatMap((account) => [...modelLines(account), '']);
  if (models.length === 0) lines.push('no job has run yet; `schedules apply` makes them run', '');
  if (temporal === 'is not running') {
    lines.push(
      'Temporal is not running: next times are by the schedules as applied; nothing starts meanwhile',
    );
  } else if (temporal !== 'answers') {
    lines.push(`Temporal: ${temporal.error}`);
  }
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

export function modelLines(account: ModelAccount): string[] {
  const { model, jobs, running, champion, refused, why, history } = account;
  return [
    model,
    ...(champion === null ? [] : [championLine(champion)]),
    ...jobs.flatMap(jobLine),
    ...running.map(({ job, workflowId, phase, says, startedAt }) =>
      [
        `  runs now: ${job}${phase === null ? '' : ` (${phase})`} since ${minute(startedAt)}, ${workflowId}`,
        ...(says === null ? [] : [says]),
      ].join(': '),
    ),
    ...(refused === null
      ? []
      : [`  refused ${minute(refused.at)}, asked by ${refused.by}: ${refused.reason}`]),
    ...(why === null ? [] : [`  why no newer model: ${withoutRepeats(why, shownOf(jobs, running))}`]),
    ...(history.length === 0 ? [] : ['  history:', ...history.map(recordLine)]),
  ];
}

const championLine = ({ version, since, how }: Reign) =>
  `  version ${version} is champion since ${minute(since)}${how === null ? '' : `, ${how}`}`;

const shownOf = (jobs: readonly JobAccount[], running: ModelAccount['running']) =>
  [...jobs.map(({ last }) => last?.reason), ...running.map(({ says }) => says)].filter(
    (sentence) => sentence !== undefined && sentence !== null && sentence.length > SHORT_SENTENCE,
  ) as string[];

/** What stands a few lines above in full is not said again. */
const withoutRepeats = (why: string, shown: readonly string[]) =>
  shown.reduce(
    (text, sentence) =>
      text.replace(`: ${sentence}`, ', as said above.').replace(`. ${sentence}`, ', as said above.'),
    why,
  );

function jobLine({ job, last, schedule, paused, next }: JobAccount): string[] {
  if (last === null && schedule === null) return [];
  const name = `  ${job.padEnd(NAME_WIDTH)}`;
  const due = paused ? 'paused' : next[0] === undefined ? '' : `next ${minute(next[0])}`;
  const ended = last === null ? 'never ran' : `${last.outcome} ${minute(last.endedAt)}`;
  const line = [`${name}${ended}`, due].filter(Boolean).join(', ');
  return last === null ? [line] : [line, `${' '.repeat(NAME_WIDTH + 2)}${last.reason}`];
}

const recordLine = ({ job, outcome, asOf, endedAt, reason }: JobRecord) =>
  `    ${minute(endedAt)}  ${job.padEnd(NAME_WIDTH)}${outcome.padEnd(NAME_WIDTH)}as of ${minute(asOf)}: ${reason}`;

/** `2026-11-22 02:00Z` */
export const minute = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')}Z`;
