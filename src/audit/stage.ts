import type { ToldEvent } from '../contracts/audit.ts';
import { isVouchedFor } from '../signing/voucher.ts';
import type { StageContext } from '../stages/context.ts';
import { appendAudit } from './append.ts';

export { appendAudit } from './append.ts';

/**
 * `appendAudit` as a stage: what workflows do by the activity `recordAudit`. Who reaches Temporal can send them anything:
 * that a caller was authenticated needs the signature of the door that did so.
 */
export async function recordAudit(
  { home }: Pick<StageContext, 'home'>,
  { vouched, ...event }: ToldEvent,
): Promise<void> {
  const { who: by, at: when, subject, identity } = event;
  const model = subject.replace(/^model\//, '');
  const isSure = vouched !== undefined && (await isVouchedFor(home, { model, by, when }, vouched));
  await appendAudit(home, { ...event, identity: identity === 'system' || isSure ? identity : 'claimed' });
}
