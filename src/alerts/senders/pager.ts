import type { PagerChannel } from '../channel.ts';
import type { Delivery, Notice } from '../state.ts';
import { post, type Sending } from './post.ts';
import { headline, sentences } from './wording.ts';

const ACTIONS: Record<Notice['kind'], 'trigger' | 'acknowledge' | 'resolve'> = {
  fired: 'trigger',
  repeated: 'trigger',
  escalated: 'trigger',
  acknowledged: 'acknowledge',
  recovered: 'resolve',
  test: 'trigger',
};

/** Of a summary, in PagerDuty's Events API v2. */
const MOST_LETTERS = 1024;

/** Events API v2. `dedup_key` is the incident: what comes twice is one alert there, and its end closes it. */
export async function sendToPager(
  channel: PagerChannel,
  { id, notice }: Delivery,
  sending: Sending,
): Promise<void> {
  const { incident, rule, model, severity, asOf, at, facts, labels, simulated } = notice;
  const body = {
    routing_key: channel.routing_key,
    event_action: ACTIONS[notice.kind],
    dedup_key: incident,
    client: 'Ringwatt',
    payload: {
      summary: headline(notice).slice(0, MOST_LETTERS),
      source: `ringwatt/${model}`,
      severity,
      timestamp: at,
      component: model,
      group: rule,
      class: notice.kind,
      custom_details: { delivery: id, as_of: asOf, simulated, labels, facts, lines: sentences(notice, id) },
    },
  };
  await post(channel, JSON.stringify(body), sending);
}
