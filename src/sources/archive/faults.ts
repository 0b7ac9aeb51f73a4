import { createHash } from 'node:crypto';
import { BadInputError } from '../../errors.ts';

/** What the real hosts do wrong. The first group spoils the whole reply, the second one what is in it. */
export const FAILING_FAULTS = [
  'forbidden',
  'rate-limited',
  'server-error',
  'cut-off',
  'truncated',
  'html',
  'still-processing',
] as const;
export const CONTENT_FAULTS = [
  'slow',
  'unsorted',
  'shifting-total',
  'mixed-values',
  'null-values',
  'duplicates',
] as const;
export type FaultKind = (typeof FAILING_FAULTS)[number] | (typeof CONTENT_FAULTS)[number];

export const FAULT_DESCRIPTIONS: Record<FaultKind, string> = {
  forbidden: '403 API_KEY_INVALID, whatever the key (EIA)',
  'rate-limited': '429: JSON from EIA, HTML from OASIS',
  'server-error': '500',
  'cut-off': 'the connection breaks in the middle of the body',
  truncated: 'a complete reply whose body ends in the middle',
  html: '200 with a page of HTML',
  'still-processing': 'error 1015 in a zip (OASIS)',
  slow: 'the reply waits for slowMs',
  unsorted: 'the rows of a page in another order than asked for (EIA; OASIS is always unsorted)',
  'shifting-total': 'total differs from page to page (EIA)',
  'mixed-values': 'value and total as number in some replies and rows, as text in others (EIA)',
  'null-values': 'one value in fifty is null (EIA)',
  duplicates: 'some rows twice',
};

export interface FaultOptions {
  /** Decides, with the number of the request, which ones are hit. Default 1. */
  seed?: number;
  /** The share of requests, 0 to 1, that each fault hits. */
  rates?: Partial<Record<FaultKind, number>>;
  /** Faults of single requests, by number; the first request for data is 1. */
  at?: Record<number, FaultKind[]>;
  /** How long a slow reply waits. Default 3,000 ms. */
  slowMs?: number;
}

/** What befalls one request. */
export interface Fate {
  request: number;
  failing?: FaultKind;
  content: ReadonlySet<FaultKind>;
  slowMs: number;
}

/** Draws the fate of each request in turn: a pure function of the options and the request's number. */
export class FaultSource {
  readonly #options: FaultOptions;
  #requests = 0;

  constructor(options: FaultOptions = {}) {
    this.#options = options;
  }

  next(): Fate {
    const request = ++this.#requests;
    const { seed = 1, rates = {}, at = {}, slowMs = 3000 } = this.#options;
    const hit = (kind: FaultKind) =>
      at[request]?.includes(kind) || chance(seed, request, kind) < (rates[kind] ?? 0);
    const failing = FAILING_FAULTS.find(hit);
    return { request, ...(failing && { failing }), content: new Set(CONTENT_FAULTS.filter(hit)), slowMs };
  }
}

function chance(seed: number, request: number, kind: string): number {
  const digest = createHash('sha256').update(`${seed}/${request}/${kind}`).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}

/**
 * Faults as a person writes them: `server-error=0.1` hits a tenth of the requests, `server-error@3` the third one.
 * A kind on its own hits all.
 */
export function parseFaults(
  texts: readonly string[],
  { seed, slowMs }: Pick<FaultOptions, 'seed' | 'slowMs'> = {},
): FaultOptions {
  const rates: Partial<Record<FaultKind, number>> = {};
  const at: Record<number, FaultKind[]> = {};
  for (const text of texts) {
    const [, kind, sign, amount] = /^([a-z-]+)(?:([=@])(\d+(?:\.\d+)?))?$/.exec(text) ?? [];
    if (!isFaultKind(kind)) {
      throw new BadInputError(
        `"${text}" is not a fault.`,
        `Give one of ${[...FAILING_FAULTS, ...CONTENT_FAULTS].join(', ')}, alone, as KIND=SHARE or as KIND@REQUEST.`,
      );
    }
    const number = amount === undefined ? 1 : Number(amount);
    if (sign === '@') {
      if (!Number.isInteger(number) || number < 1) throw notAnAmount(text, 'a request number from 1 on');
      (at[number] ??= []).push(kind);
    } else {
      if (number > 1) throw notAnAmount(text, 'a share from 0 to 1');
      rates[kind] = number;
    }
  }
  return { rates, at, ...(seed !== undefined && { seed }), ...(slowMs !== undefined && { slowMs }) };
}

const notAnAmount = (text: string, wanted: string) =>
  new BadInputError(`The fault "${text}" has a wrong amount.`, `Give ${wanted}.`);

const isFaultKind = (kind: string | undefined): kind is FaultKind =>
  kind !== undefined && Object.hasOwn(FAULT_DESCRIPTIONS, kind);
