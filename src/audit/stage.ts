import type { AuditEvent } from '../contracts/audit.ts';
import type { StageContext } from '../stages/context.ts';
import { appendAudit } from './append.ts';

export { appendAudit } from './append.ts';

/** `appendAudit` as a stage: what workflows do by the activity `recordAudit`. */
export async function recordAudit({ home }: Pick<StageContext, 'home'>, event: AuditEvent): Promise<void> {
  await appendAudit(home, event);
}
