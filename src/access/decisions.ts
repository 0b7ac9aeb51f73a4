import { appendAudit } from '../audit/append.ts';
import type { Home } from '../lake/home.ts';
import type { ModelConfig } from '../serving/model-config.ts';
import type { CallContext } from '../serving/service.ts';

/** Which models answer from now on is a decision, and stands in the audit; single calls stand in the log of calls. */
export async function auditReload(
  home: Home,
  { caller, door, requestId }: Pick<CallContext, 'caller' | 'door' | 'requestId'>,
  models: readonly ModelConfig[],
): Promise<void> {
  await appendAudit(home, {
    at: new Date().toISOString(),
    who: caller.name,
    identity: caller.identity,
    what: 'serving-reloaded',
    subject: 'serving',
    why: '',
    from: door,
    details: {
      requestId,
      models: models.slice(0, 100).map(({ name, policy }) => `${name} (${policy.kind})`),
    },
  });
}
