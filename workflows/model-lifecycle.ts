import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  log,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { z } from 'zod';
import type { RegistryActivities } from '../activities/registry.ts';
import {
  promoteRequest,
  rollbackRequest,
  type ChampionRecord,
  type LifecycleEvent,
  type LifecycleStatus,
} from '../src/contracts/lifecycle.ts';
import { modelName } from '../src/contracts/stages.ts';
import { BadInputError } from '../src/errors.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { parseInput, refusal } from '../src/temporal/input.ts';
import {
  lifecycleStatusQuery,
  promoteSignal,
  promoteUpdate,
  registeredSignal,
  rollbackSignal,
  rollbackUpdate,
} from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { championAttribute, modelAttribute } from '../src/temporal/search-attributes.ts';
import { isHistoryLong } from './history.ts';
import { table } from './markdown.ts';

const EVENTS_KEPT = 50;
/** Characters of up to three bytes: a continuation that carries more than 2 MB is the end of the entity. */
const INBOX_CARRIED = 500_000;
const BY_KEPT = 120;
const REASON_KEPT = 500;
const PREVIOUS_KEPT = 20;
/** Some thirty wishes. */
const EVENTS_BEFORE_CONTINUING = 300;

/** Entities that were started before this was asked go on as they began. */
const REGISTERED_IS_CHECKED = 'registered-is-checked';

const { readModel, crownVersion, recordEvent } = proxyActivities<RegistryActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 10 },
});

/** `model/<name>` says the name already, so that whoever starts it from the UI need not repeat it. */
const lifecycleInput = z.strictObject({ name: modelName.optional() });
const registeredNotice = z.strictObject({ version: z.number().int().positive() });

type WishKind = 'registered' | 'promote' | 'rollback';

/**
 * What somebody asked for, checked when it came, so that what waits is small: what does not fit its contract waits as
 * its own refusal. `ticket` leads the answer of an update back to who waits, and nobody waits for a signal's.
 */
interface Wish {
  kind: WishKind;
  body: unknown;
  refusal?: string;
  ticket?: number;
}

interface Carried {
  inbox: Wish[];
}

/** The entity that owns a model's versions and who is champion. The files are the truth: it begins by reading them. */
export async function modelLifecycleWorkflow(raw?: unknown, carried?: Carried): Promise<never> {
  const input = parseInput(lifecycleInput, raw, WORKFLOWS.modelLifecycle);
  const name = parseInput(modelName, input.name ?? nameFromId(), WORKFLOWS.modelLifecycle);
  const inbox: Wish[] = (carried?.inbox ?? []).map(checked);
  const answers = new Map<number, LifecycleEvent>();
  let tickets = 0;
  let champion: ChampionRecord | null = null;
  let versions: number[] = [];
  let events: LifecycleEvent[] = [];

  const push = (wish: Wish) => void inbox.push(checked(wish));
  setHandler(registeredSignal, (body) => push({ kind: 'registered', body }));
  setHandler(promoteSignal, (body) => push({ kind: 'promote', body }), {
    description: 'Make a version champion: {"version": 2, "by": "who", "reason": "why"}',
  });
  setHandler(rollbackSignal, (body) => push({ kind: 'rollback', body }), {
    description: 'Go back to the champion before this one',
  });
  setHandler(promoteUpdate, (body) => answerTo({ kind: 'promote', body }), {
    validator: (body) => refuseUnless(promoteRequest, body),
  });
  setHandler(rollbackUpdate, (body) => answerTo({ kind: 'rollback', body }), {
    validator: (body) => refuseUnless(rollbackRequest, body),
  });
  setHandler(lifecycleStatusQuery, status);

  ({ champion, versions, events } = await readModel({ name }));
  showChampion();
  describe();
  const mayContinueAsNew = () =>
    isHistoryLong(EVENTS_BEFORE_CONTINUING) &&
    allHandlersFinished() &&
    JSON.stringify(inbox).length <= INBOX_CARRIED;
  while (!mayContinueAsNew()) {
    await condition(() => inbox.length > 0 || mayContinueAsNew());
    const wish = inbox.shift();
    if (wish) await serve(wish);
  }
  return continueAsNew<typeof modelLifecycleWorkflow>({ name }, { inbox });

  async function serve(wish: Wish): Promise<void> {
    const event = await fulfil(wish);
    events = [event, ...events].slice(0, EVENTS_KEPT);
    describe();
    await recordEvent({ name, event }).catch((error: unknown) =>
      log.error('An event could not be added to the history file', { event, reason: failureLine(error) }),
    );
    if (wish.ticket !== undefined) answers.set(wish.ticket, event);
  }

  /** Never throws: a wish that cannot be fulfilled becomes a `refused` event with the reason. */
  async function fulfil({ kind, body, refusal: wrong }: Wish): Promise<LifecycleEvent> {
    try {
      if (wrong !== undefined) throw refusalOf(wrong);
      if (kind === 'promote') return await promote(promoteRequest.parse(body));
      if (kind === 'rollback') return await rollBack(rollbackRequest.parse(body));
      return await register(registeredNotice.parse(body));
    } catch (error) {
      return refused(kind, body, error);
    }
  }

  async function promote({ version, by, reason }: z.infer<typeof promoteRequest>): Promise<LifecycleEvent> {
    const previous = champion?.version ?? null;
    if (previous === version) throw refusalOf(`Version ${version} is champion already.`);
    await crown(version, [...(previous === null ? [] : [previous]), ...(champion?.previous ?? [])]);
    return { ...eventNow('promoted', by, reason), version, previous };
  }

  async function rollBack({ by, reason }: z.infer<typeof rollbackRequest>): Promise<LifecycleEvent> {
    const [version, ...earlier] = champion?.previous ?? [];
    if (version === undefined) throw refusalOf('There is no earlier champion to roll back to.');
    const previous = champion!.version;
    await crown(version, earlier);
    return { ...eventNow('rolled-back', by, reason), version, previous };
  }

  async function register({ version }: z.infer<typeof registeredNotice>): Promise<LifecycleEvent> {
    if (patched(REGISTERED_IS_CHECKED)) {
      ({ versions } = await readModel({ name }));
      if (!versions.includes(version)) throw refusalOf(`The model ${name} has no version ${version}.`);
    } else if (!versions.includes(version)) {
      versions = [...versions, version].sort((a, b) => a - b);
    }
    return {
      ...eventNow('registered', 'forecasting pipeline', ''),
      version,
      previous: champion?.version ?? null,
    };
  }

  async function crown(version: number, previous: number[]): Promise<void> {
    champion = await crownVersion({
      name,
      version,
      generation: (champion?.generation ?? 0) + 1,
      since: new Date().toISOString(),
      previous: previous.slice(0, PREVIOUS_KEPT),
    }).catch(async (error: unknown) => {
      // Somebody else may have written in between; the next wish starts from what is there.
      ({ champion, versions } = await readModel({ name }));
      throw error;
    });
    if (!versions.includes(version)) ({ versions } = await readModel({ name }));
    showChampion();
  }

  async function answerTo(wish: Wish): Promise<LifecycleEvent> {
    const ticket = tickets++;
    push({ ...wish, ticket });
    await condition(() => answers.has(ticket));
    const event = answers.get(ticket)!;
    answers.delete(ticket);
    if (event.kind === 'refused') throw refusalOf(event.reason);
    return event;
  }

  function refused(kind: WishKind, body: unknown, error: unknown): LifecycleEvent {
    const { version, by } = claimsOf(body);
    return {
      ...eventNow('refused', by, shortened(`${kind}: ${failureLine(error)}`, REASON_KEPT)),
      version,
      previous: champion?.version ?? null,
    };
  }

  function status(): LifecycleStatus {
    return {
      name,
      champion: champion?.version ?? null,
      generation: champion?.generation ?? 0,
      versions,
      events,
    };
  }

  function showChampion(): void {
    upsertSearchAttributes([
      { key: modelAttribute, value: name },
      { key: championAttribute, value: champion?.version ?? null },
    ]);
  }

  function describe(): void {
    const rows = events.map((event) => [
      event.at,
      event.kind,
      `${event.version ?? '–'}`,
      `${event.by} (${event.identity})`,
      event.reason,
    ]);
    setCurrentDetails(
      [
        `**${name}: ${champion ? `version ${champion.version} is champion since ${champion.since}` : 'no champion yet'}** (versions ${versions.join(', ') || 'none'})`,
        table(['at', 'what', 'version', 'by', 'why'], rows),
      ].join('\n\n'),
    );
  }
}

const nameFromId = () => workflowInfo().workflowId.replace(/^model\//, '');

const schemaOf = (kind: WishKind) =>
  kind === 'promote' ? promoteRequest : kind === 'rollback' ? rollbackRequest : registeredNotice;

/** The wish with its body as the contract has it, or with the reason of its refusal and little else of its body. */
function checked({ kind, body, refusal: wrong, ticket }: Wish): Wish {
  const schema = schemaOf(kind);
  const reason = wrong ?? refusal(schema, body);
  if (reason === undefined) return { kind, body: schema.parse(body ?? {}), ticket };
  return { kind, body: claimsOf(body), refusal: shortened(reason, REASON_KEPT), ticket };
}

/** What a request that is wrong says of itself, as far as an event can keep it. */
function claimsOf(body: unknown): { version: number | null; by: string } {
  const { version, by } = (body ?? {}) as { version?: unknown; by?: unknown };
  return {
    version: Number.isSafeInteger(version) ? (version as number) : null,
    by: typeof by === 'string' && by !== '' ? shortened(by, BY_KEPT) : 'unknown',
  };
}

const shortened = (text: string, length: number) =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

function eventNow(kind: LifecycleEvent['kind'], by: string, reason: string) {
  return { at: new Date().toISOString(), kind, by, identity: 'claimed' as const, reason };
}

const refusalOf = (reason: string) => ApplicationFailure.nonRetryable(reason, BadInputError.name);

function refuseUnless(schema: z.ZodType, body: unknown): void {
  const reason = refusal(schema, body);
  if (reason) throw refusalOf(`The request is wrong: ${shortened(reason, REASON_KEPT)}.`);
}
