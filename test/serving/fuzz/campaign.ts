import { randomOf } from '../../../src/model/random.ts';
import { CANARY, type Case, type Maker } from './case.ts';
import { checkGood } from './good-requests.ts';
import { closeGrpcClients } from './grpc-call.ts';
import { GRPC_MAKERS } from './grpc-cases.ts';
import { HTTP_MAKERS } from './http-cases.ts';
import { closeClients } from './http-request.ts';
import { slowClients } from './slow-clients.ts';
import { SOCKET_MAKERS } from './socket-cases.ts';
import type { ServedTarget } from './target.ts';
import { complaint } from './verdict.ts';

export interface CampaignOptions {
  cases: number;
  seed: number;
  /** Only this one, to look at a failure. */
  only?: number | undefined;
  /** Slow clients of each kind; they are there from the beginning. */
  slow: number;
}

export interface Failure {
  case: number;
  family: string;
  complaint: string;
}

export interface CampaignResult {
  cases: number;
  seed: number;
  families: number;
  /** How often each kind of reply came. */
  replies: Record<string, number>;
  failures: Failure[];
  /** Right requests in between, and those that were not answered right. */
  good: { asked: number; wrong: string[] };
  slow: { opened: number; leftOpen: string[] };
  /** Of the server's processes, in the middle and at the end. */
  held: { middle: Held; end: Held } | null;
  /** Whether the processes at the end are those of the beginning. */
  sameProcesses: boolean;
  /** What stands in its logs that must not. */
  leaked: string[];
  holds: boolean;
}

interface Held {
  megabytes: number;
  files: number;
}

const MAKERS = [...HTTP_MAKERS, ...SOCKET_MAKERS, ...GRPC_MAKERS];
const SHARES = MAKERS.reduce((sum, [share]) => sum + share, 0);
const AT_ONCE = 12;
const GOOD_EVERY = 50;
/** Headers may take 10 s, a request 15 s, and the server looks every second. */
const SLOW_MS = 22_000;
/** What a heap may grow by between two collections; a leak of a body in each hundred requests would be more. */
const GROWTH = { megabytes: 96, files: 12 };

export async function campaign(
  served: ServedTarget,
  { cases, seed, only, slow }: CampaignOptions,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<CampaignResult> {
  const { target } = served;
  const processes = served.processes().join();
  const failures: Failure[] = [];
  const families = new Set<string>();
  const replies: Record<string, number> = {};
  const good = { asked: 0, wrong: [] as string[] };
  const ask = async (value: number) => {
    good.asked++;
    good.wrong.push(...(await checkGood(target, value)));
  };
  await ask(1);
  const slowly = only === undefined ? slowClients(target, slow, SLOW_MS) : { opened: 0, leftOpen: [] };
  let middle: Held | undefined;
  const numbers = only === undefined ? Array.from({ length: cases }, (_, i) => i) : [only];
  await inTurns(numbers, AT_ONCE, async (number) => {
    signal?.throwIfAborted();
    const last = served.ended();
    if (last !== undefined) throw new Error(`serve has ended before case ${number}: ${last}`);
    const made = caseOf(seed, number);
    families.add(made.family);
    const reply = await made.send(target);
    const kind = reply.kind === 'http' ? `http ${reply.status}` : reply.kind === 'grpc' ? `grpc ${reply.code}` : reply.kind; // prettier-ignore
    replies[kind] = (replies[kind] ?? 0) + 1;
    const wrong = complaint(reply, made.expected);
    if (wrong !== undefined) {
      failures.push({ case: number, family: made.family, complaint: wrong });
      say(`case ${number} (${made.family}): ${wrong}`);
    }
    if (only !== undefined) say(`${made.family}: ${JSON.stringify(reply)}`);
    if (number % GOOD_EVERY === 0) await ask(number);
    if (number === Math.floor(cases / 2)) middle = heldBy(served);
    if (number % 1000 === 999) say(`${number + 1} of ${cases}`);
  });
  const slowest = await slowly;
  closeClients();
  closeGrpcClients();
  await ask(cases);
  closeClients();
  const end = await settled(served, middle);
  const held = middle && end ? { middle, end } : null;
  const leaked = leaksIn(await served.written(), target.apiKey);
  const sameProcesses = served.processes().join() === processes;
  const grew =
    held !== null &&
    (held.end.megabytes - held.middle.megabytes > GROWTH.megabytes ||
      held.end.files - held.middle.files > GROWTH.files);
  const fine = [failures, good.wrong, slowest.leftOpen, leaked].every((list) => list.length === 0);
  return {
    ...{ cases: numbers.length, seed, families: families.size, replies, failures, good, slow: slowest },
    ...{ held, sameProcesses, leaked },
    holds: fine && sameProcesses && !grew,
  };
}

/** The same case for the same two numbers, whatever ran before it. */
export function caseOf(seed: number, number: number): Case {
  const random = randomOf('fuzz', seed, number);
  let left = random() * SHARES;
  for (const [share, make] of MAKERS) {
    left -= share;
    if (left < 0) return make(random);
  }
  return (MAKERS[0]![1] as Maker)(random);
}

async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function heldBy(served: ServedTarget): Held | undefined {
  const held = served.held();
  return held && { megabytes: Math.round(held.bytes / 2 ** 20), files: held.files };
}

/** Connections that were dropped are found out by and by. */
async function settled(served: ServedTarget, middle: Held | undefined): Promise<Held | undefined> {
  for (let waited = 0; ; waited += 100) {
    const held = heldBy(served);
    if (!held || !middle || held.files <= middle.files || waited >= 10_000) return held;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Neither payloads nor keys stand in what a server writes, not in part. */
function leaksIn(written: string, apiKey: string): string[] {
  const secret = apiKey.slice(-20);
  return written
    .split('\n')
    .filter((line) => line.includes(CANARY) || line.includes(secret))
    .slice(0, 5)
    .map((line) => line.slice(0, 300));
}
