import { oneLine } from '../../errors.ts';
import { shownFact } from '../because.ts';
import type { Notice } from '../state.ts';

const KINDS: Record<Notice['kind'], string> = {
  fired: 'fires',
  repeated: 'still fires',
  escalated: 'still fires, and nobody has acknowledged it',
  acknowledged: 'is acknowledged',
  recovered: 'has recovered',
  test: 'that somebody asked for: nothing is wrong',
};

const FACTS_SHOWN = 12;

/** `high_drift`, and what of: `day-ahead retrain`. */
const subjectOf = ({ model, labels }: Notice) => [model, ...Object.values(labels)].join(' ');

/** In one line, for a subject or a pager. */
export function headline(notice: Notice): string {
  const { rule, severity, kind } = notice;
  return oneLine(`[${severity}] ${rule} of ${subjectOf(notice)} ${KINDS[kind]}`);
}

/** What there is to know, a line each. */
export function sentences(notice: Notice, deliveryId: string): string[] {
  const { says, condition, because = condition, facts, since, asOf, at, simulated, incident } = notice;
  const named = Object.entries(facts).toSorted(
    ([a], [b]) => Number(condition.includes(b)) - Number(condition.includes(a)),
  );
  return [
    says,
    because === '' || because === says ? '' : `Condition: ${because}`,
    named.length === 0
      ? ''
      : `Facts: ${named
          .slice(0, FACTS_SHOWN)
          .map(([name, value]) => `${name} = ${shownFact(value)}`)
          .join(', ')}`,
    `Since ${since}, as of ${asOf}${simulated ? ' (simulated)' : ''}; told ${at}`,
    `Incident ${incident}, delivery ${deliveryId}`,
  ]
    .filter((line) => line !== '')
    .map(oneLine);
}
