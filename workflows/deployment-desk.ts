import { log, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { AuditActivities } from '../activities/audit.ts';
import {
  approvalRequest,
  championNews,
  supersedeRequest,
  type ApprovalRequest,
  type DeploymentInput,
  type DeploymentPhase,
  type DeploymentRequest,
} from '../src/contracts/learning.ts';
import { whoAndWhy } from '../src/contracts/reigns.ts';
import { failureLine } from '../src/temporal/failures.ts';
import {
  approveSignal,
  approveUpdate,
  championSignal,
  rejectSignal,
  rejectUpdate,
  supersedeSignal,
} from '../src/temporal/messages.ts';
import { claimedBy, refusalOf, refuseUnless, wrongRequest } from './refusals.ts';

const { recordAudit } = proxyActivities<AuditActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 10 },
});

const REQUESTS_KEPT = 20;

type Door = 'signal' | 'update';
type Decision = ApprovalRequest & { kind: 'approve' | 'reject' };

/** What was asked of a deployment, for the run that it continues as. */
export interface CarriedDesk {
  requests: DeploymentRequest[];
  decision: Decision | null;
  supersededBy: number | null;
  /** Absent where the run that carried it was older than this message. */
  champion?: number | null;
}

/** Where approvals, rejections and newer candidates come in; who may, and when, is decided here. */
export class DeploymentDesk {
  decision: Decision | null;
  supersededBy: number | null;
  readonly requests: DeploymentRequest[];
  /** Whom the model's lifecycle last made champion; null where it has told of nobody. */
  private champion: number | null;
  private readonly input: DeploymentInput;
  private readonly phase: () => DeploymentPhase;
  private readonly onChange: () => void;

  constructor(
    input: DeploymentInput,
    { phase, onChange }: { phase: () => DeploymentPhase; onChange: () => void },
    carried?: CarriedDesk,
  ) {
    this.input = input;
    this.phase = phase;
    this.onChange = onChange;
    this.requests = carried?.requests ?? [];
    this.decision = carried?.decision ?? null;
    this.supersededBy = carried?.supersededBy ?? null;
    this.champion = carried?.champion ?? null;
  }

  listen(): void {
    const { version } = this.input;
    const example = `{"version": ${version}, "by": "who", "reason": "why"}`;
    for (const [kind, signal, update] of [
      ['approve', approveSignal, approveUpdate],
      ['reject', rejectSignal, rejectUpdate],
    ] as const) {
      setHandler(signal, async (body) => void (await this.hear(kind, body, 'signal')), {
        description: `${kind === 'approve' ? 'Let it go on to the canary' : 'Put it aside'}: ${example}`,
      });
      setHandler(update, (body) => this.answer(kind, body), {
        validator: (body) => refuseUnless(approvalRequest, body),
      });
    }
    setHandler(supersedeSignal, (body) => this.makeWay(body));
    setHandler(championSignal, (body) => {
      const news = championNews.safeParse(body);
      if (news.success) this.champion = news.data.version;
    });
  }

  /** Whether another version than this has become champion, as far as was told; who it is, the registry says. */
  hasOtherChampion(version: number | null): boolean {
    return this.champion !== null && this.champion !== version;
  }

  /** What was told is older than what is read next; what is told while that is read is news again. */
  noteChampion(version: number | null): void {
    this.champion = version;
  }

  carry(): CarriedDesk {
    const { requests, decision, supersededBy, champion } = this;
    return { requests, decision, supersededBy, champion };
  }

  private async answer(kind: Decision['kind'], body: unknown): Promise<DeploymentRequest> {
    const request = await this.hear(kind, body, 'update');
    if (request.refusal !== null) throw refusalOf(request.refusal);
    return request;
  }

  /** Decided at once, before anything is waited for: of two that come together the first one counts. */
  private async hear(kind: Decision['kind'], body: unknown, door: Door): Promise<DeploymentRequest> {
    const wrong = wrongRequest(approvalRequest, body);
    const asked = wrong === undefined ? approvalRequest.parse(body) : claimsOf(body);
    const reason = wrong ?? this.objection(kind, asked);
    if (reason === null) this.decision = { kind, ...asked };
    const request = this.keep({ kind, by: asked.by, refusal: reason });
    await this.tell(request, asked, door);
    return request;
  }

  private objection(kind: Decision['kind'], { version, by }: ApprovalRequest): string | null {
    const { config, version: own } = this.input;
    if (version !== own) {
      return `Version ${version} is not what is being deployed: that is version ${own}. \`${kind} ${config.model_name} ${own}\` is of that one.`;
    }
    const { approvers } = config;
    if (approvers.length > 0 && !approvers.includes(by)) {
      return `${by} is none of those who may: ${approvers.join(', ')}. Answer as one of them: \`--by ${approvers[0]}\`.`;
    }
    const phase = this.phase();
    if (this.decision && !(this.decision.kind === 'approve' && kind === 'reject')) {
      const { kind: before, ...who } = this.decision;
      const said = `It was decided on already: ${before === 'approve' ? 'approved' : 'rejected'} by ${whoAndWhy(who)}`;
      return before === 'approve'
        ? `${said} The deployment is at ${phase}.`
        : `${said} \`promote ${config.model_name} ${own}\` makes it champion all the same.`;
    }
    const open = kind === 'approve' ? ['approval'] : ['approval', 'canary'];
    if (open.includes(phase)) return null;
    const cure =
      kind === 'reject' && phase === 'watch' ? ` \`rollback ${config.model_name}\` takes it back.` : '';
    return `It is too late to ${kind}: the deployment is at ${phase}.${cure}`;
  }

  private makeWay(body: unknown): void {
    const parsed = supersedeRequest.safeParse(body);
    if (!parsed.success) return;
    this.supersededBy = parsed.data.version;
    this.keep({ kind: 'supersede', by: parsed.data.by, refusal: null });
  }

  private keep(asked: Omit<DeploymentRequest, 'at'>): DeploymentRequest {
    const request = { at: new Date().toISOString(), ...asked };
    this.requests.unshift(request);
    this.requests.splice(REQUESTS_KEPT);
    this.onChange();
    return request;
  }

  private async tell(
    { at, kind, by, refusal: reason }: DeploymentRequest,
    asked: ApprovalRequest,
    door: Door,
  ) {
    const { config, version } = this.input;
    const what = reason === null ? (kind === 'approve' ? 'approved' : 'rejected') : 'refused';
    const vouched = asked.voucher && { kind, version: asked.version, voucher: asked.voucher };
    await recordAudit({
      ...{ at, who: by, identity: vouched ? 'authenticated' : 'claimed', what },
      subject: `model/${config.model_name}`,
      ...(vouched && { vouched }),
      why: reason === null ? asked.reason : `${kind}: ${reason}`,
      from: `${asked.from ?? door} ${workflowInfo().workflowId}`,
      details: { version, asked: asked.version },
    }).catch((error: unknown) =>
      log.error('The audit could not be told', { kind, by, reason: failureLine(error) }),
    );
  }
}

/** What a request that is wrong says of itself, as far as it can be kept. */
function claimsOf(body: unknown): ApprovalRequest {
  const { version } = (body ?? {}) as { version?: unknown };
  return {
    version: Number.isSafeInteger(version) ? (version as number) : 0,
    by: claimedBy(body),
    reason: '',
  };
}
