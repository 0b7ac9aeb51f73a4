import { readdir } from 'node:fs/promises';
import { jobRecord, type JobKind, type JobRecord } from '../contracts/jobs.ts';
import { modelName } from '../contracts/stages.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { appendLines, linesOf } from '../lake/json-lines.ts';
import { unlessGone } from '../lake/storage-failure.ts';
import { textIfThere } from '../lake/text-file.ts';
import { requireModelName } from '../registry/layout.ts';

const FOLDER = 'jobs';
const SUFFIX = '.jsonl';

export const jobsUri = (model: string) => `${FOLDER}/${requireModelName(model)}${SUFFIX}`;

/**
 * Adds a line to `jobs/<model>.jsonl`: a job that has ended, and why so. One of the same run and job that is there
 * already stays as it is, so that a retried activity leaves one line. Answers how often the job has failed in a row.
 */
export async function appendJob({ home }: { home: Home }, record: JobRecord): Promise<{ failures: number }> {
  const line = jobRecord.parse(record);
  const uri = jobsUri(record.model);
  const path = home.path(uri);
  return withLock(home.path(FOLDER, `.${record.model}`), `the job ledger of ${record.model}`, async () => {
    const text = (await textIfThere(path)) ?? '';
    const before = recordsOf(text, uri).filter(({ job }) => job === record.job);
    if (before.some((each) => isSameRun(each, record))) return { failures: failuresAtEnd(before) };
    await appendLines(path, text, [line]);
    return { failures: failuresAtEnd([...before, record]) };
  });
}

/** How often in a row a job has failed now. */
export const failuresAtEnd = (records: readonly JobRecord[]) =>
  records.length - 1 - records.findLastIndex(({ outcome }) => outcome !== 'failed');

/** All jobs of a model that have ended, oldest first. A line that a crash cut off is left out; other damage is an error. */
export async function readJobs({ home }: { home: Home }, { model }: { model: string }): Promise<JobRecord[]> {
  const uri = jobsUri(model);
  return recordsOf((await textIfThere(home.path(uri))) ?? '', uri);
}

/** The models that have a ledger. */
export async function modelsWithJobs({ home }: { home: Home }): Promise<string[]> {
  const folder = home.path(FOLDER);
  const entries = await readdir(folder).catch(unlessGone<string[]>(folder, []));
  return entries
    .filter((entry) => entry.endsWith(SUFFIX))
    .map((entry) => entry.slice(0, -SUFFIX.length))
    .filter((name) => modelName.safeParse(name).success)
    .sort();
}

/** The newest record of a job, by the order in which they ended. */
export const lastOf = (records: readonly JobRecord[], job: JobKind): JobRecord | undefined =>
  records.findLast((record) => record.job === job);

const isSameRun = (a: JobRecord, b: JobRecord) =>
  a.workflowId === b.workflowId && a.runId === b.runId && a.job === b.job;

const recordsOf = (text: string, uri: string): JobRecord[] => [
  ...linesOf(text, jobRecord, { uri, what: "a job's record" }),
];
