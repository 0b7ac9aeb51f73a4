import type { Command } from 'commander';
import { decimal, defineVerb } from '../flags.ts';
import { perform, type Session } from '../session.ts';
import { counted } from '../../errors.ts';

const LISTED = 20;

export function defineGc(program: Command): void {
  defineVerb(
    program,
    'gc',
    'Show what nothing refers to (no manifest, no model, no running job); with --apply remove it.',
    ['gc', 'gc --superseded --apply'],
  )
    .option('--apply', 'remove what was found; without it nothing is changed')
    .option(
      '--superseded',
      'datasets too that are neither the newest of their kind nor in the lineage of a model',
    )
    .option('--min-age-hours <hours>', 'keep younger files: a stage may be about to name them', decimal, 24)
    .action(
      perform<{ apply?: boolean; superseded?: boolean; minAgeHours: number }>(async (session, options) => {
        const home = await session.home();
        const { collectGarbage, findGarbage } = await import('../../upkeep/garbage.ts');
        const heldByRuns = await askRuns(session);
        const { superseded = false, minAgeHours, apply = false } = options;
        const garbage = await findGarbage(home, { superseded, minAgeHours, heldByRuns });
        if (apply) await collectGarbage(home, garbage);
        const { files, bytes, keptForUnknownRuns } = garbage;
        const size = `${counted(files.length, 'file')}, ${(bytes / 1e6).toFixed(1)} MB`;
        const text = [
          ...files.slice(0, LISTED).map(({ uri }) => uri),
          ...(files.length > LISTED ? [`… and ${files.length - LISTED} more`] : []),
          files.length === 0
            ? 'nothing to collect'
            : apply
              ? `removed ${size}`
              : `would remove ${size}; --apply does it`,
          ...(keptForUnknownRuns > 0
            ? [
                `kept ${keptForUnknownRuns} checkpoints: the services do not run and cannot say what unfinished runs need`,
              ]
            : []),
        ];
        return {
          json: { applied: apply, bytes, files: files.map(({ uri }) => uri), keptForUnknownRuns },
          text,
        };
      }),
    );
}

/** What running jobs refer to; undefined when no server runs that could tell. A home without a database has no jobs. */
async function askRuns(session: Session): Promise<ReadonlySet<string> | undefined> {
  const home = await session.home();
  const { existsSync } = await import('node:fs');
  const { runningStack } = await import('../../stack/state.ts');
  if (!runningStack(home) && session.config.temporalAddress === undefined) {
    return existsSync(home.path('temporal.db')) ? undefined : new Set();
  }
  const { withTemporal } = await import('../temporal-session.ts');
  const { referencesOfRuns } = await import('../../temporal/references.ts');
  const { urisIn } = await import('../../upkeep/references.ts');
  return withTemporal(
    session,
    { purpose: 'gc' },
    async ({ client }) => (await referencesOfRuns(client, urisIn)).uris,
  );
}
