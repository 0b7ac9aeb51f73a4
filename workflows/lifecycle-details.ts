import type { LifecycleStatus } from '../src/contracts/lifecycle.ts';
import { table } from './markdown.ts';

/** The page of a model in the Temporal UI. */
export function lifecycleDetails(status: LifecycleStatus, since: string | undefined): string {
  const { name, champion, canary, versions, events } = status;
  const rows = events.map((event) => [
    event.at,
    event.kind,
    `${event.version ?? '–'}`,
    `${event.by} (${event.identity})`,
    event.from ?? '',
    event.reason,
  ]);
  const crown =
    champion === null ? 'no champion yet' : `version ${champion} is champion since ${since ?? 'before'}`;
  return [
    `**${name}: ${crown}** (versions ${versions.join(', ') || 'none'})`,
    ...(canary
      ? [
          `Canary: version ${canary.version} answers ${percent(canary.share)} of the forecasts that name no version, since ${canary.since}.`,
        ]
      : []),
    table(['at', 'what', 'version', 'by', 'from', 'why'], rows),
  ].join('\n\n');
}

const percent = (share: number) => `${Math.round(share * 10_000) / 100} %`;
