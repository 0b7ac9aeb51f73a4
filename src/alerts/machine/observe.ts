import { momentOf, type Observation } from '../../contracts/alerts.ts';
import { becauseOf } from '../because.ts';
import { evaluate } from '../expression/evaluate.ts';
import type { Rule } from '../rule.ts';
import type { Track } from '../state.ts';
import type { Desk } from './desk.ts';
import { pass } from './pass.ts';

/** Holds every rule that is about it against an observation: what begins, what goes on, what has ended. */
export function observe(desk: Desk, seen: Observation): void {
  const { state, world } = desk;
  const asOf = momentOf(seen.asOf);
  if (seen.simulated) state.simulatedNow = asOf;
  for (const name of Object.keys(seen.facts)) state.seen[name] = seen.source;
  for (const rule of world.rules) if (isAbout(rule, seen)) hold(desk, rule, seen, asOf);
  pass(desk, seen.simulated ? asOf : world.now, seen.simulated);
}

/**
 * An observation that has nothing of what a rule names is no news of it, good or bad; nor is one that only says whose it
 * is, as every job does.
 */
function isAbout({ names, per, models, regions }: Rule, { model, facts }: Observation): boolean {
  const { region } = facts;
  const own = names.filter((name) => !per.includes(name));
  const told = own.length > 0 ? own : names;
  return (
    (models === undefined || models.includes(model)) &&
    (regions === undefined || (typeof region === 'string' && regions.includes(region))) &&
    told.some((name) => Object.hasOwn(facts, name))
  );
}

function hold(
  desk: Desk,
  rule: Rule,
  { model, source, simulated, facts, note }: Observation,
  asOf: number,
): void {
  const missing = rule.per.filter((name) => !Object.hasOwn(facts, name));
  const labels = Object.fromEntries(
    rule.per.flatMap((name) => (missing.includes(name) ? [] : [[name, facts[name]!]])),
  );
  const track = desk.trackOf(rule, model, labels, simulated);
  // What comes late, as of a moment before the last, is no news either.
  if (track.source === source && asOf < track.asOf) return;
  Object.assign(track, { asOf, source });
  const verdict = evaluate(rule.tree, facts);
  track.undecided =
    missing.length > 0
      ? `${missing.join(', ')}, by which incidents are told apart, is absent`
      : verdict.decided
        ? null
        : verdict.why;
  if (track.undecided !== null || !verdict.decided) return;
  if (verdict.holds) count(desk, rule, track, { facts, note, asOf });
  else {
    track.held = 0;
    if (track.incident) desk.recover(track, note || `no longer ${rule.condition}`, asOf, facts);
  }
}

function count(
  desk: Desk,
  rule: Rule,
  track: Track,
  { facts, note, asOf }: Pick<Observation, 'facts' | 'note'> & { asOf: number },
): void {
  track.held += 1;
  const because = becauseOf(rule, facts);
  if (track.incident) {
    const { seen, says } = track.incident;
    Object.assign(track.incident, { lastAsOf: asOf, facts, seen: seen + 1, says: note || says, because });
    return;
  }
  if (track.held < rule.for) return;
  track.incident = {
    id: desk.newIncidentId(track),
    openedAt: desk.at,
    since: track.simulated ? asOf : desk.world.now,
    lastAsOf: asOf,
    severity: rule.severity,
    says: note || rule.condition,
    because,
    facts,
    seen: track.held,
    notified: [],
    notSent: [],
    dueAt: null,
    toldAt: null,
    escalated: false,
    acknowledged: null,
  };
  desk.note('fired', track, note ? `${note} (${because})` : because, asOf);
}
