import type { LifecycleEvent } from './lifecycle.ts';

/** How a champion came and went, told by the events of a model. All take them oldest first. */

/** What `from` says of a request that no workflow made. */
const DOORS_OF_PEOPLE = ['cli', 'http', 'signal', 'update'];

export const isByHand = ({ from }: LifecycleEvent) => from !== undefined && DOORS_OF_PEOPLE.includes(from);

const isCrowning = ({ kind }: LifecycleEvent) => kind === 'promoted' || kind === 'rolled-back';

/** How a version became champion last; undefined where nothing tells. */
export const crowningOf = (events: readonly LifecycleEvent[], version: number): LifecycleEvent | undefined =>
  events.findLast((event) => isCrowning(event) && event.version === version);

/** How a version that was champion ceased to be; undefined where it is champion, or never was. */
export function departureOf(events: readonly LifecycleEvent[], version: number): LifecycleEvent | undefined {
  const last = events.findLast(
    (event) => isCrowning(event) && (event.version === version || event.previous === version),
  );
  return last?.previous === version ? last : undefined;
}

/** `ada: worse on Mondays.` */
export function whoAndWhy({ by, from, reason }: Pick<LifecycleEvent, 'by' | 'from' | 'reason'>): string {
  const who = from?.startsWith('deployment/') ? 'its deployment' : by;
  const text = reason.trim();
  return text === '' ? `${who}.` : `${who}: ${/[.!?…]$/.test(text) ? text : `${text}.`}`;
}

/** How a version became champion last, `by hand, by ada: worse on Mondays.`; undefined where nothing tells. */
export function howCrowned(events: readonly LifecycleEvent[], version: number): string | undefined {
  const event = crowningOf(events, version);
  return event && `${isByHand(event) ? 'by hand, ' : ''}by ${whoAndWhy(event)}`;
}

/** `was rolled back to version 1 on 2019-03-10 by ada: worse on Mondays.` */
export function departureLine({ kind, at, version, ...event }: LifecycleEvent): string {
  const what =
    kind === 'rolled-back' ? `was rolled back to version ${version}` : `made way for version ${version}`;
  return `${what} on ${at.slice(0, 10)} by ${whoAndWhy(event)}`;
}
