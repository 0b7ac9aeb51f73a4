import { createHash } from 'node:crypto';
import { momentOf, type AlertEvent, type AlertFacts } from '../../contracts/alerts.ts';
import type { Rule } from '../rule.ts';
import type { AlertState, Delivery, Notice, Track } from '../state.ts';

/** What a step looks at besides the state: it reads no clock and no file by itself. */
export interface World {
  rules: readonly Rule[];
  /** What each configured channel is: `email`, `slack`, `pager`, `webhook`. */
  channels: ReadonlyMap<string, string>;
  /** The real clock, in milliseconds. */
  now: number;
}

/** A state that is being changed, and the few things that every change does. */
export class Desk {
  readonly state: AlertState;
  readonly world: World;

  constructor(state: AlertState, world: World) {
    this.state = state;
    this.world = world;
  }

  ruleOf({ rule }: Track): Rule | undefined {
    return this.world.rules.find(({ name }) => name === rule);
  }

  /** What a simulation sees and what is seen in earnest are two things. */
  trackOf(rule: Rule, model: string, labels: AlertFacts, simulated: boolean): Track {
    const key = JSON.stringify(labels);
    const found = this.state.tracks
      .filter((each) => each.rule === rule.name && each.model === model && each.simulated === simulated)
      .find((each) => JSON.stringify(each.labels) === key);
    if (found) return found;
    const fresh: Track = {
      rule: rule.name,
      model,
      labels,
      held: 0,
      asOf: Number.MIN_SAFE_INTEGER,
      source: '',
      simulated,
      undecided: null,
      incident: null,
    };
    this.state.tracks.push(fresh);
    return fresh;
  }

  /** Now, by the clock of what is tracked. */
  clockOf({ simulated, asOf }: Track): number {
    return simulated ? (this.state.simulatedNow ?? asOf) : this.world.now;
  }

  /** No other incident has it, here or in another home that tells the same channels. */
  newIncidentId({ rule, model, labels }: Track): string {
    const { origin } = this.state;
    const named = JSON.stringify([origin, this.nextNumber(), rule, model, labels]);
    return createHash('sha256').update(named).digest('hex').slice(0, 20);
  }

  send(channel: string, kind: Notice['kind'], track: Track, now: number, says?: string): void {
    this.put(channel, this.noticeOf(kind, track, now, says), { state: 'waiting', says: '' });
  }

  /** Written, so that nobody takes silence for good news. */
  leaveUnsent(channel: string, kind: Notice['kind'], track: Track, now: number, why: string): void {
    this.put(channel, this.noticeOf(kind, track, now), { state: 'not-sent', says: why });
  }

  put(channel: string, notice: Notice, { state, says }: Pick<Delivery, 'state' | 'says'>): Delivery {
    const { now } = this.world;
    const delivery: Delivery = {
      id: `${notice.incident}-${this.nextNumber()}-${channel}`,
      channel,
      notice,
      state,
      attempts: 0,
      createdAt: now,
      nextAt: now,
      claim: null,
      settledAt: state === 'waiting' ? null : now,
      says,
    };
    this.state.outbox.push(delivery);
    return delivery;
  }

  /** Whoever was told hears of the end, silenced or not: it is good news, and it closes what a pager holds open. */
  recover(track: Track, why: string, asOf: number, facts: AlertFacts): void {
    Object.assign(track.incident!, { facts, lastAsOf: asOf });
    for (const channel of track.incident!.notified) this.send(channel, 'recovered', track, asOf, why);
    this.note('recovered', track, why, asOf);
    Object.assign(track, { incident: null, held: 0 });
  }

  note(what: AlertEvent['what'], track: Track, says: string, asOf: number, by = 'ringwatt'): void {
    const { rule, model, incident } = track;
    const { id, severity } = incident!;
    this.remember({ what, incident: id, rule, model, severity, by, says, at: this.at, asOf: iso(asOf) });
  }

  remember(event: AlertEvent): void {
    const { state } = this;
    const says = event.says.slice(0, LONGEST_SENTENCE);
    state.events.unshift({ ...event, says });
    state.unaudited.push({
      id: `alert/${state.origin}/${this.nextNumber()}`,
      at: event.at,
      who: event.by,
      identity: event.by === 'ringwatt' ? 'system' : 'claimed',
      what: `alert-${event.what}`,
      subject: event.rule === null ? 'alerts' : `alert/${event.rule}/${event.model ?? '*'}`,
      why: says,
      from: 'alerts',
      details: { incident: event.incident, severity: event.severity, asOf: event.asOf },
    });
  }

  /** The real clock, as text. */
  get at(): string {
    return iso(this.world.now);
  }

  private noticeOf(kind: Notice['kind'], track: Track, now: number, says?: string): Notice {
    const { rule, model, labels, simulated } = track;
    const { id, severity, facts, since, lastAsOf, says: seen, because } = track.incident!;
    return {
      kind,
      incident: id,
      rule,
      model,
      labels,
      severity,
      condition: this.ruleOf(track)?.condition ?? '',
      ...(because !== undefined && kind !== 'recovered' && { because }),
      says: says ?? seen,
      facts,
      since: iso(since),
      asOf: iso(simulated ? now : lastAsOf),
      at: this.at,
      simulated,
    };
  }

  private nextNumber(): number {
    this.state.sequence += 1;
    return this.state.sequence;
  }
}

const LONGEST_SENTENCE = 1000;

export const iso = (moment: number) => new Date(moment).toISOString();

/** Until when nobody is told of a rule and model; null: it is not silenced. */
export function silencedUntil(
  { silences }: Pick<AlertState, 'silences'>,
  { rule, model }: Pick<Track, 'rule' | 'model'>,
  now: number,
): string | null {
  const [last] = silences
    .filter((each) => each.rule === undefined || each.rule === rule)
    .filter((each) => each.model === undefined || each.model === model)
    .filter((each) => momentOf(each.until) > now)
    .toSorted((a, b) => momentOf(b.until) - momentOf(a.until));
  return last?.until ?? null;
}
