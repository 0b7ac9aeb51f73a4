import { observation, type Observation } from '../../src/contracts/alerts.ts';
import { step, type Change, type World } from '../../src/alerts/machine/step.ts';
import { alertRules, rulesOf, type Rule } from '../../src/alerts/rule.ts';
import { emptyState, type AlertState } from '../../src/alerts/state.ts';

export const HOUR = 3_600_000;
export const START = Date.UTC(2026, 0, 1);
export const iso = (moment: number) => new Date(moment).toISOString();

export const rule = (name: string, written: object): Rule =>
  rulesOf(
    alertRules.parse({
      alert_rules: { [name]: { condition: 'psi > 0.25', notification: ['email', 'pager'], ...written } },
    }),
  ).get(name)!;

/** One home's alerts, with a clock that a test moves. */
export class Bench {
  state: AlertState = emptyState('test');
  world: World & { channels: Map<string, string> };

  constructor(...rules: Rule[]) {
    const channels = new Map([
      ['email', 'email'],
      ['pager', 'pager'],
    ]);
    this.world = { rules, channels, now: START };
  }

  do(change: Change): ReturnType<typeof step> {
    const done = step(this.state, change, this.world);
    this.state = done.state;
    return done;
  }

  see(facts: Observation['facts'], more: Partial<Observation> = {}): void {
    const body = observation.parse({ model: 'm', asOf: iso(this.world.now), source: 'test', facts, ...more });
    this.do({ kind: 'observe', body });
  }

  after(hours: number): void {
    this.world.now += hours * HOUR;
    this.do({ kind: 'time' });
  }

  /** What was put into the outbox since the last time: `fired email`. */
  get told(): string[] {
    const fresh = this.state.outbox.slice(this.#read);
    this.#read = this.state.outbox.length;
    return fresh.map(
      ({ notice, channel, state }) => `${notice.kind} ${channel}${state === 'waiting' ? '' : ` ${state}`}`,
    );
  }

  #read = 0;

  get firing(): string[] {
    return this.state.tracks.flatMap(({ incident, rule: name, labels }) =>
      incident ? [[name, ...Object.values(labels)].join(' ')] : [],
    );
  }

  get events(): string[] {
    return this.state.events.map(({ what }) => what).toReversed();
  }
}
