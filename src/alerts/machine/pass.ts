import { momentOf } from '../../contracts/alerts.ts';
import type { Rule } from '../rule.ts';
import type { Notice, Track } from '../state.ts';
import { silencedUntil, type Desk } from './desk.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Does what is due by now on one clock: tells who has not been told (a silence held it back, a channel was not
 * configured), repeats, escalates. What goes by a simulated clock moves only with it.
 */
export function pass(desk: Desk, now: number, simulated: boolean): void {
  const { state, world } = desk;
  const clocks = [world.now, state.simulatedNow ?? world.now];
  state.silences = state.silences.filter(({ until }) => clocks.some((clock) => momentOf(until) > clock));
  for (const track of state.tracks) {
    if (!track.incident || track.simulated !== simulated) continue;
    const rule = desk.ruleOf(track);
    if (!rule) desk.recover(track, 'its rule is gone', now, track.incident.facts);
    else if (!track.incident.acknowledged && silencedUntil(state, track, now) === null)
      tell(desk, rule, track, now);
  }
}

function tell(desk: Desk, rule: Rule, track: Track, now: number): void {
  const incident = track.incident!;
  incident.dueAt ??= now;
  owe(desk, rule.notification, 'fired', track, now);
  const { escalation, repeat } = deadlines(rule, track);
  if (escalation !== undefined && now >= escalation) {
    incident.escalated = true;
    desk.note('escalated', track, `nobody acknowledged it for ${rule.escalateAfterMinutes} minutes`, now);
  }
  if (incident.escalated) owe(desk, rule.escalateTo, 'escalated', track, now);
  if (repeat !== undefined && now >= repeat) {
    for (const channel of incident.notified) desk.send(channel, 'repeated', track, now);
    incident.toldAt = now;
  }
}

/** Tells the channels that have not been told; one that is not configured is told once it is. */
function owe(desk: Desk, channels: readonly string[], kind: Notice['kind'], track: Track, now: number): void {
  const incident = track.incident!;
  for (const channel of channels) {
    if (incident.notified.includes(channel)) continue;
    if (desk.world.channels.has(channel)) {
      incident.notSent = incident.notSent.filter((name) => name !== channel);
      incident.notified.push(channel);
      incident.toldAt = now;
      desk.send(channel, kind, track, now);
    } else if (!incident.notSent.includes(channel)) {
      incident.notSent.push(channel);
      desk.leaveUnsent(channel, kind, track, now, `not sent: no channel ${channel}`);
      desk.note('undelivered', track, `not sent: no channel ${channel}`, now);
    }
  }
}

function deadlines({ escalateAfterMinutes, repeatHours }: Rule, { incident }: Track) {
  const { dueAt, toldAt, escalated } = incident!;
  return {
    escalation:
      dueAt === null || escalated || escalateAfterMinutes === undefined
        ? undefined
        : dueAt + escalateAfterMinutes * MINUTE_MS,
    repeat: toldAt === null || repeatHours === undefined ? undefined : toldAt + repeatHours * HOUR_MS,
  };
}

/** When time alone would change something that goes by the real clock; null: never. */
export function nextMoment(desk: Desk): number | null {
  const { now } = desk.world;
  const moments = desk.state.tracks.flatMap((track) => {
    const rule = desk.ruleOf(track);
    if (!track.incident || track.simulated || track.incident.acknowledged || !rule) return [];
    const silent = silencedUntil(desk.state, track, now);
    const { escalation, repeat } = deadlines(rule, track);
    return silent === null ? [escalation, repeat] : [momentOf(silent)];
  });
  const coming = moments.filter((moment) => moment !== undefined && moment > now);
  return coming.length === 0 ? null : Math.min(...(coming as number[]));
}
