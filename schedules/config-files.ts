import { readdir, rm } from 'node:fs/promises';
import { readAppliedSchedules } from '../src/jobs/applied-schedules.ts';
import { writeFileAtomic } from '../src/lake/atomic-write.ts';
import type { Home } from '../src/lake/home.ts';
import { unlessGone } from '../src/lake/storage-failure.ts';
import { readRetraining, SHIPPED_CONFIG, type RetrainingFile } from './retraining-file.ts';

const FOLDER = 'schedules';

/**
 * The configurations that are meant: those of the files that a person names; else those that were applied to this home
 * last, so that a new Temporal database is filled by `schedules apply` alone; else the one that ships.
 */
export async function chosenConfigs(home: Home, files: readonly string[]): Promise<RetrainingFile[]> {
  if (files.length > 0) return readRetraining(files);
  const kept = await readRetraining(await keptFiles(home));
  const [shipped] = await readRetraining([SHIPPED_CONFIG]);
  const isOf = (model: string) => model === shipped!.config.model_name;
  if (kept.some(({ config }) => isOf(config.model_name))) return kept;
  // The one that ships is not kept: whether it was applied beside others stands in the list of what was.
  const applied = await readAppliedSchedules({ home });
  return kept.length === 0 || applied.some(({ model }) => isOf(model)) ? [shipped!, ...kept] : kept;
}

/** Keeps what was applied as `schedules/<model>.yaml` of the home; with `prune`, nothing else. */
export async function keepConfigs(
  home: Home,
  applied: readonly RetrainingFile[],
  { prune }: { prune: boolean },
): Promise<void> {
  const paths = new Set<string>();
  for (const { file, text, config } of applied) {
    // What ships is read from where it ships, as long as nobody has applied anything else.
    if (file === SHIPPED_CONFIG) continue;
    const path = home.path(FOLDER, `${config.model_name}.yaml`);
    paths.add(path);
    await writeFileAtomic(path, text);
  }
  if (!prune) return;
  for (const path of await keptFiles(home)) if (!paths.has(path)) await rm(path, { force: true });
}

async function keptFiles(home: Home): Promise<string[]> {
  const folder = home.path(FOLDER);
  const names = await readdir(folder).catch(unlessGone<string[]>(folder, []));
  return names
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => home.path(FOLDER, name));
}
