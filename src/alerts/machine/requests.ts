import { momentOf, type AcknowledgeRequest, type SilenceRequest } from '../../contracts/alerts.ts';
import { iso, type Desk } from './desk.ts';
import { pass } from './pass.ts';

/** What came of a request. */
export interface Reply {
  says: string;
  refused: boolean;
}

/** Channels that show who has taken an incident on; people would only be told once more. */
const HEAR_OF_ACKNOWLEDGEMENTS = new Set(['pager', 'webhook']);

/** Somebody has it in hand: it is neither repeated nor escalated any more. */
export function acknowledge(desk: Desk, { incident, rule, model, by, why }: AcknowledgeRequest): Reply {
  const meant = desk.state.tracks.filter(
    (each) =>
      each.incident &&
      (incident === undefined || each.incident.id === incident) &&
      (rule === undefined || each.rule === rule) &&
      (model === undefined || each.model === model),
  );
  if (meant.length === 0) return { says: 'Nothing fires that this could mean.', refused: true };
  const fresh = meant.filter((each) => each.incident!.acknowledged === null);
  for (const track of fresh) {
    const now = desk.clockOf(track);
    track.incident!.acknowledged = { by, at: desk.at, why };
    desk.note('acknowledged', track, why, now, by);
    for (const channel of track.incident!.notified) {
      if (!HEAR_OF_ACKNOWLEDGEMENTS.has(desk.world.channels.get(channel) ?? '')) continue;
      desk.send(channel, 'acknowledged', track, now, `acknowledged by ${by}${why ? `: ${why}` : ''}`);
    }
  }
  const already = meant.length - fresh.length;
  return {
    says: `acknowledged ${fresh.length}${already > 0 ? `, ${already} already were` : ''}`,
    refused: false,
  };
}

/** Tells nobody of a rule, a model, or of all, until a moment; one that has come ends the silence. */
export function silence(desk: Desk, request: SilenceRequest): Reply {
  const { state, world } = desk;
  const { rule, model, until, by, why } = request;
  const others = state.silences.filter((each) => each.rule !== rule || each.model !== model);
  const ends = momentOf(until) <= Math.min(world.now, state.simulatedNow ?? world.now);
  if (ends && others.length === state.silences.length)
    return { says: 'There is no such silence, and its end has passed already.', refused: true };
  state.silences = ends ? others : [...others, request];
  const about = `${rule ?? 'every rule'}, ${model ?? 'every model'}`;
  const says = ends ? `no longer silenced: ${about}` : `silenced until ${until}: ${about}`;
  desk.remember({
    what: ends ? 'unsilenced' : 'silenced',
    incident: null,
    rule: rule ?? null,
    model: model ?? null,
    severity: null,
    by,
    at: desk.at,
    asOf: iso(state.simulatedNow ?? world.now),
    says: why ? `${says} (${why})` : says,
  });
  pass(desk, world.now, false);
  return { says, refused: false };
}
