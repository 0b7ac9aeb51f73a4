import {
  allHandlersFinished,
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
  activeCanary,
  canaryStatusOf,
  type Canary,
  type CanaryRecord,
  type ChampionRecord,
  type LifecycleEvent,
  type LifecycleStatus,
} from '../src/contracts/lifecycle.ts';
import { modelName } from '../src/contracts/stages.ts';
import type { VouchedRequest } from '../src/contracts/voucher.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import {
  canarySignal,
  canaryUpdate,
  championSignal,
  endCanarySignal,
  endCanaryUpdate,
  lifecycleStatusQuery,
  promoteSignal,
  promoteUpdate,
  registeredSignal,
  rollbackSignal,
  rollbackUpdate,
} from '../src/temporal/messages.ts';
import { WORKFLOWS, workflowIds } from '../src/temporal/names.ts';
import { championAttribute, modelAttribute } from '../src/temporal/search-attributes.ts';
import { Herald } from './herald.ts';
import { isHistoryLong } from './history.ts';
import { lifecycleDetails } from './lifecycle-details.ts';
import {
  checked,
  claimsOf,
  eventOf,
  refuseUnlessWish,
  vouchedOf,
  type Asked,
  type Wish,
} from './lifecycle-wishes.ts';
import { PATCHES } from './patches.ts';
import { refusalOf, shortened } from './refusals.ts';

const EVENTS_KEPT = 50;
/** Characters of up to three bytes: a continuation that carries more than 2 MB is the end of the entity. */
const INBOX_CARRIED = 500_000;
const PREVIOUS_KEPT = 20;
/** Some thirty wishes. */
const EVENTS_BEFORE_CONTINUING = 300;

const { readModel, crownVersion, placeCanary, recordEvent } = proxyActivities<RegistryActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 10 },
});

/** `model/<name>` says the name already, so that whoever starts it from the UI need not repeat it. */
const lifecycleInput = z.strictObject({ name: modelName.optional() });

interface Carried {
  inbox: Wish[];
}

/**
 * The entity that owns a model's versions, who is champion, and which canary answers a share beside it. The files are
 * the truth: it begins by reading them.
 */
export async function modelLifecycleWorkflow(raw?: unknown, carried?: Carried): Promise<never> {
  const input = parseInput(lifecycleInput, raw, WORKFLOWS.modelLifecycle);
  const name = parseInput(modelName, input.name ?? nameFromId(), WORKFLOWS.modelLifecycle);
  const inbox: Wish[] = (carried?.inbox ?? []).map(checked);
  const answers = new Map<number, LifecycleEvent>();
  let tickets = 0;
  const herald = new Herald();
  let champion: ChampionRecord | null = null;
  let canaryFile: CanaryRecord | null = null;
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
  setHandler(canarySignal, (body) => push({ kind: 'canary', body }), {
    description: 'Let a version answer a share of the forecasts: {"version": 3, "share": 0.1, "by": "who"}',
  });
  setHandler(endCanarySignal, (body) => push({ kind: 'endCanary', body }), {
    description: 'Let the champion answer all forecasts again',
  });
  setHandler(promoteUpdate, (body) => answerTo({ kind: 'promote', body }), {
    validator: refuseUnlessWish('promote'),
  });
  setHandler(rollbackUpdate, (body) => answerTo({ kind: 'rollback', body }), {
    validator: refuseUnlessWish('rollback'),
  });
  setHandler(canaryUpdate, (body) => answerTo({ kind: 'canary', body }), {
    validator: refuseUnlessWish('canary'),
  });
  setHandler(endCanaryUpdate, (body) => answerTo({ kind: 'endCanary', body }), {
    validator: refuseUnlessWish('endCanary'),
  });
  setHandler(lifecycleStatusQuery, status);

  const known = await readFiles();
  events = known.events;
  showChampion();
  describe();
  const mayContinueAsNew = () =>
    isHistoryLong(EVENTS_BEFORE_CONTINUING) &&
    allHandlersFinished() &&
    JSON.stringify(inbox).length <= INBOX_CARRIED;
  do {
    while (!mayContinueAsNew()) {
      await condition(() => inbox.length > 0 || mayContinueAsNew());
      const wish = inbox.shift();
      if (wish) await serve(wish);
    }
    await condition(() => herald.isDone);
  } while (!mayContinueAsNew());
  return continueAsNew<typeof modelLifecycleWorkflow>({ name }, { inbox });

  async function serve(wish: Wish): Promise<void> {
    const event = await fulfil(wish);
    await record(event, vouchedOf(wish));
    if (event.kind === 'promoted' || event.kind === 'rolled-back') await endCanaryAfter(event);
    if (wish.ticket !== undefined) answers.set(wish.ticket, event);
    if (champion && (event.kind === 'promoted' || event.kind === 'rolled-back')) tellDeployment(champion);
  }

  /** One that waits for its approval need not wait any longer. */
  function tellDeployment({ version }: ChampionRecord): void {
    if (patched(PATCHES.deploymentIsTold))
      herald.tell(workflowIds.deployment(name), championSignal, { version });
  }

  async function record(event: LifecycleEvent, vouched?: VouchedRequest): Promise<void> {
    events = [event, ...events].slice(0, EVENTS_KEPT);
    describe();
    await recordEvent({ name, event, ...(vouched && { vouched }) }).catch((error: unknown) =>
      log.error('An event could not be added to the history and the audit', {
        event,
        reason: failureLine(error),
      }),
    );
  }

  /** Never throws: a wish that cannot be fulfilled becomes a `refused` event with the reason. */
  async function fulfil(wish: Wish): Promise<LifecycleEvent> {
    const { kind, body } = wish;
    try {
      if (wish.refusal !== undefined) throw refusalOf(wish.refusal);
      if (kind === 'promote') return await promote(wish, body as Asked<'promote'>);
      if (kind === 'rollback') return await rollBack(wish, body as Asked<'rollback'>);
      if (kind === 'canary') return await startCanary(wish, body as Asked<'canary'>);
      if (kind === 'endCanary') return await endCanary(wish, body as Asked<'endCanary'>);
      return await register(wish, body as Asked<'registered'>);
    } catch (error) {
      return refused(wish, error);
    }
  }

  async function promote(wish: Wish, request: Asked<'promote'>): Promise<LifecycleEvent> {
    const { version, reason } = request;
    requireChampion(request);
    const previous = champion?.version ?? null;
    if (previous === version) throw refusalOf(`Version ${version} is champion already.`);
    await crown(version, [...(previous === null ? [] : [previous]), ...(champion?.previous ?? [])]);
    return { ...eventOf('promoted', wish, reason), version, previous };
  }

  async function rollBack(wish: Wish, request: Asked<'rollback'>): Promise<LifecycleEvent> {
    const { reason } = request;
    requireChampion(request);
    const [version, ...earlier] = champion?.previous ?? [];
    if (version === undefined)
      throw refusalOf('There is no earlier champion to roll back to. Promote the version that you want.');
    const previous = champion!.version;
    await crown(version, earlier);
    return { ...eventOf('rolled-back', wish, reason), version, previous };
  }

  function requireChampion({ champion: expected }: Pick<Asked<'rollback'>, 'champion'>): void {
    if (expected === undefined || champion?.version === expected) return;
    throw refusalOf(`Version ${champion?.version ?? 'none'} is champion by now, no longer ${expected}.`);
  }

  async function startCanary(wish: Wish, request: Asked<'canary'>): Promise<LifecycleEvent> {
    const { version, share, reason } = request;
    if (!champion) throw refusalOf('There is no champion beside which a canary could answer.');
    if (champion.version === version) throw refusalOf(`Version ${version} is champion: it answers already.`);
    const before = activeCanary(champion, canaryFile);
    if (before?.version === version && before.share === share) {
      throw refusalOf(`Version ${version} is the canary with that share already.`);
    }
    const since = new Date().toISOString();
    const kept = before?.version === version ? before : undefined;
    await putCanary((generation) => ({
      version,
      share,
      since: kept?.since ?? since,
      generation: kept?.generation ?? generation,
      championGeneration: champion!.generation,
    }));
    return { ...eventOf('canary-started', wish, reason), version, previous: champion.version, share };
  }

  async function endCanary(wish: Wish, { reason }: Asked<'endCanary'>): Promise<LifecycleEvent> {
    const before = activeCanary(champion, canaryFile);
    if (!before)
      throw refusalOf('There is no canary to end. Nothing is to be done: the champion answers alone.');
    await putCanary(() => null);
    return {
      ...eventOf('canary-ended', wish, reason),
      version: before.version,
      previous: champion?.version ?? null,
    };
  }

  /** By then it answers nothing any more: it counted beside the champion before. This puts the file in order, and says so. */
  async function endCanaryAfter({ by, from, kind, version }: LifecycleEvent): Promise<void> {
    const canary = canaryFile?.canary;
    if (!canary) return;
    await putCanary(() => null).catch((error: unknown) =>
      log.error('The record of a canary that is over could not be written', { reason: failureLine(error) }),
    );
    const reason =
      kind === 'promoted' ? `Version ${version} was promoted.` : `Rolled back to version ${version}.`;
    const ended = eventOf('canary-ended', { body: { by, from } }, reason);
    await record({ ...ended, version: canary.version, previous: version });
  }

  async function register(wish: Wish, { version }: Asked<'registered'>): Promise<LifecycleEvent> {
    if (patched(PATCHES.registeredIsChecked)) {
      ({ versions } = await readModel({ name }));
      if (!versions.includes(version)) throw refusalOf(`The model ${name} has no version ${version}.`);
    } else if (!versions.includes(version)) {
      versions = [...versions, version].sort((a, b) => a - b);
    }
    const told = { ...wish, body: { by: 'forecasting pipeline' } };
    return { ...eventOf('registered', told, ''), version, previous: champion?.version ?? null };
  }

  async function crown(version: number, previous: number[]): Promise<void> {
    champion = await crownVersion({
      name,
      version,
      generation: (champion?.generation ?? 0) + 1,
      since: new Date().toISOString(),
      previous: previous.slice(0, PREVIOUS_KEPT),
    }).catch(readAgain);
    if (!versions.includes(version)) ({ versions } = await readModel({ name }));
    showChampion();
  }

  async function putCanary(made: (generation: number) => Omit<Canary, 'sha256'> | null): Promise<void> {
    const generation = (canaryFile?.generation ?? 0) + 1;
    canaryFile = await placeCanary({ name, generation, canary: made(generation) }).catch(readAgain);
  }

  /** Somebody else may have written in between; the next wish starts from what is there. */
  async function readAgain(error: unknown): Promise<never> {
    await readFiles();
    throw error;
  }

  async function readFiles() {
    const known = await readModel({ name });
    ({ champion, versions } = known);
    canaryFile = known.canary ?? null;
    return known;
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

  function refused(wish: Wish, error: unknown): LifecycleEvent {
    return {
      ...eventOf('refused', wish, shortened(`${wish.kind}: ${failureLine(error)}`)),
      version: claimsOf(wish.body).version,
      previous: champion?.version ?? null,
    };
  }

  function status(): LifecycleStatus {
    return {
      name,
      champion: champion?.version ?? null,
      generation: champion?.generation ?? 0,
      canary: canaryStatusOf(activeCanary(champion, canaryFile)),
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
    setCurrentDetails(lifecycleDetails(status(), champion?.since));
  }
}

const nameFromId = () => workflowInfo().workflowId.replace(/^model\//, '');
