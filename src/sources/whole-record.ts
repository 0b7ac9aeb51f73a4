import { readdir } from 'node:fs/promises';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { ingestionWindow, type IngestionInput } from '../contracts/ingestion.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import { readGridFile, rowsKnownAt, writeGridFile } from '../lake/grid-rows.ts';
import type { Home } from '../lake/home.ts';
import { unlessGone } from '../lake/storage-failure.ts';
import { accountOf } from './history.ts';
import type { SourceAccess } from './source-access.ts';
import { historyUri, readHistoryRecord, type WindowRecord } from './window-record.ts';
import { regionsOf, routesOf } from './windows.ts';

/** A year of a region and route, as if one window had brought all of it. */
export type YearRecord = Pick<WindowRecord, 'window' | 'account'> & { file: ArtifactReference };

/**
 * All that a home has ever fetched of the regions and routes: what the few windows of an hourly ingestion bring is
 * joined to it. Of an archive whose clock is simulated, what was known by then.
 */
export async function wholeRecord(
  home: Home,
  { folder, origin }: Pick<SourceAccess, 'folder' | 'origin'>,
  ingestion: IngestionInput,
): Promise<YearRecord[]> {
  const { source, dfAvailability } = ingestion;
  const records: YearRecord[] = [];
  for (const route of routesOf(ingestion)) {
    for (const region of regionsOf(ingestion)) {
      const window = { source, route, region, dfAvailability, ...NO_PERIOD };
      for (const year of await yearsOf(home, folder, window)) {
        const file = await readHistoryRecord(home, historyUri(folder, window, year));
        if (!file) continue;
        const all = await readGridFile(await verifiedPath(home, file));
        const rows = origin.simulated ? rowsKnownAt(all, origin.now) : all;
        if (rows.length === 0) continue;
        const account = accountOf(rows).map((line) => ({ ...line, region, quarantined: 0 }));
        const hours = account.flatMap(({ firstHour, lastHour }) => [firstHour, lastHour]);
        const stamps = hours.filter((hour) => hour !== null).toSorted();
        const [from, to] = [stamps[0], stamps.at(-1)];
        if (from === undefined || to === undefined) continue;
        records.push({
          window: ingestionWindow.parse({ ...window, from, to }),
          account,
          file: rows === all ? file : await writeGridFile(home, region, year, rows),
        });
      }
    }
  }
  return records;
}

/** Where the period does not matter: a history is found by its year. */
const NO_PERIOD = { from: '', to: '' };

async function yearsOf(
  home: Home,
  folder: string,
  window: Parameters<typeof historyUri>[1],
): Promise<number[]> {
  const parts = historyUri(folder, window, 0).split('/');
  const names = await readdir(home.path(...parts.slice(0, -1))).catch(
    unlessGone<string[]>(parts.join('/'), []),
  );
  const suffix = parts.at(-1)!.slice(1);
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => Number(name.slice(0, -suffix.length)))
    .filter(Number.isInteger)
    .sort((a, b) => a - b);
}

/** From the first to the last hour that any of them has. */
export function periodOver(
  records: readonly Pick<WindowRecord, 'window'>[],
): { from: string; to: string } | undefined {
  if (records.length === 0) return undefined;
  const froms = records.map(({ window }) => window.from).toSorted();
  const tos = records.map(({ window }) => window.to).toSorted();
  return { from: froms[0]!, to: tos.at(-1)! };
}
