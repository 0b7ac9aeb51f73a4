import type { AlertMessage, AlertStatus, AlertTurn, Observation } from '../contracts/alerts.ts';
import type { Home } from '../lake/home.ts';
import type { ChannelSecrets } from './channel.ts';
import { channelsInForce } from './channels.ts';
import { nextMoment, step, type Change, type World } from './machine/step.ts';
import { silencedUntil } from './machine/desk.ts';
import { rulesInForce } from './rules.ts';
import type { AlertState } from './state.ts';
import { changeAlerts, tellAudit } from './store.ts';

export interface TurnOptions {
  home: Home;
  config: ChannelSecrets;
  /** The real clock, in milliseconds. */
  now: number;
  /** Files that whoever turns could not read, by name, and why; null: it could. */
  troubles?: Troubles;
}

/**
 * Takes in messages and looks at the time, under the lock of the file: what every worker, the watchdog and the command
 * line do. A message that was taken in already counts once.
 */
export async function turnAlerts(
  { home, config, now, troubles: others }: TurnOptions,
  messages: readonly AlertMessage[],
): Promise<AlertTurn> {
  const { world, troubles } = await worldOf({ home, config, now });
  const unaudited = await tellAudit(home);
  const turn = await changeAlerts(home, (before) => {
    let state = before;
    const answers: AlertTurn['answers'] = [];
    const take = (change: Change) => {
      const { state: after, says, refused } = step(state, change, world);
      state = after;
      return { says, refused };
    };
    for (const { id, ...change } of messages) {
      const before = state.applied.find((each) => each.id === id);
      const { says, refused } = before ?? take(change);
      if (id === undefined) continue;
      if (!before) state = { ...state, applied: [...state.applied, { id, says, refused }] };
      if (change.kind !== 'observe') answers.push({ id, says, refused });
    }
    for (const body of troublesToTell(state, { ...troubles, ...others, audit: unaudited }, now))
      take({ kind: 'observe', body });
    take({ kind: 'time' });
    const next = nextMoment(state, world);
    const result = {
      status: statusOf(state, now),
      pending: waiting(state)
        .slice(0, SHOWN.pending)
        .map(({ id }) => id),
      nextAt: next === null ? null : new Date(next).toISOString(),
      answers,
    };
    return { state, result };
  });
  // What cannot be told now is kept, and the next turn says that it could not.
  await tellAudit(home);
  return turn;
}

type Troubles = Readonly<Record<string, string | null>>;

async function worldOf({ home, config, now }: TurnOptions): Promise<{ world: World; troubles: Troubles }> {
  const [{ rules, trouble: wrongRules }, { channels, trouble: wrongChannels }] = await Promise.all([
    rulesInForce(home),
    channelsInForce(home, config),
  ]);
  const kinds = new Map([...channels].map(([name, { kind }]) => [name, kind]));
  return {
    world: { rules, channels: kinds, now },
    troubles: { 'rules.yaml': wrongRules, 'channels.yaml': wrongChannels },
  };
}

/** What cannot be read, or written to, is an alert like any other, by the shipped rules: as long as it lasts. */
function troublesToTell(state: AlertState, troubles: Troubles, now: number): Observation[] {
  const said = (file: string) =>
    state.tracks.find((each) => each.rule === 'alerts_unreadable' && each.labels['file'] === file)?.incident
      ?.says ?? null;
  return Object.entries(troubles).flatMap(([file, trouble]) =>
    // Another trouble than before is news: what people read is what is wrong now.
    trouble === said(file)
      ? []
      : [
          {
            model: 'alerts',
            asOf: new Date(now).toISOString(),
            source: 'alerts',
            facts: { file, unreadable: trouble !== null },
            note: trouble ?? `${file} is in order again`,
            simulated: false,
          },
        ],
  );
}

/** What travels through Temporal is small. */
const SHOWN = { pending: 200, firing: 50, undecided: 50, silences: 50, recent: 20, letters: 300 };

const waiting = ({ outbox }: AlertState) => outbox.filter((each) => each.state === 'waiting');

/** What the files say, for people and queries. */
export function statusOf(state: AlertState, now: number): AlertStatus {
  const firing = state.tracks.flatMap((track) => {
    if (!track.incident) return [];
    const { id, severity, since, lastAsOf, says, because, acknowledged, notSent } = track.incident;
    const clock = track.simulated ? (state.simulatedNow ?? track.asOf) : now;
    return [
      {
        incident: id,
        rule: track.rule,
        model: track.model,
        labels: track.labels,
        severity,
        since: new Date(since).toISOString(),
        asOf: new Date(lastAsOf).toISOString(),
        says: says.slice(0, SHOWN.letters),
        ...(because !== undefined && { because: because.slice(0, SHOWN.letters) }),
        acknowledgedBy: acknowledged?.by ?? null,
        silencedUntil: silencedUntil(state, track, clock),
        notSent,
      },
    ];
  });
  return {
    at: new Date(now).toISOString(),
    firing: firing.slice(0, SHOWN.firing),
    count: firing.length,
    undecided: state.tracks
      .flatMap(({ rule, model, undecided }) => (undecided === null ? [] : [{ rule, model, why: undecided }]))
      .slice(0, SHOWN.undecided),
    silences: state.silences.slice(0, SHOWN.silences),
    pending: waiting(state).length,
    recent: state.events
      .slice(0, SHOWN.recent)
      .map((event) => ({ ...event, says: event.says.slice(0, SHOWN.letters) })),
    refused: null,
  };
}
