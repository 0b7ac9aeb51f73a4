/**
 * Every failure a person can meet, as a type. A message says what was wrong and where; `cure` says what to do.
 * `src/temporal/failures.ts` is the one place that turns these into Temporal failures.
 */
export abstract class RingwattError extends Error {
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean = false;
  readonly cure: string;

  constructor(message: string, cure: string, options?: ErrorOptions) {
    super(message, options);
    this.cure = cure;
    this.name = new.target.name;
  }

  /** One line for a terminal or a log. */
  get line(): string {
    return `${this.message} ${this.cure}`.trim();
  }
}

/** An argument, a field, a column or a file that a person gave is wrong. */
export class BadInputError extends RingwattError {}

/** The data that a stage needs is not there. */
export class MissingDataError extends RingwattError {}

/** A file's content is not what its name, its hash or its format says. */
export class CorruptArtifactError extends RingwattError {}

/** Nobody whom this home trusts vouches for what was to be loaded. */
export class UntrustedError extends RingwattError {}

/** The disk is full, read-only or forbidden. */
export class StorageError extends RingwattError {}

/** Something else holds what is needed: a port, the lock of a home. */
export class InUseError extends RingwattError {}

/** A lock was taken over because its holder stood still too long. */
export class LockLostError extends RingwattError {
  override readonly retryable: boolean = true;
}

/** A program or a service that is needed is not there. */
export class UnavailableError extends RingwattError {
  override readonly retryable: boolean = true;
}

/** The source refused the key: trying again with the same one only makes it worse. */
export class SourceRefusedError extends RingwattError {}

/** The source failed in a way that time cures: 429, 5xx, a broken connection, a cut-off or foreign body. */
export class SourceFaultError extends RingwattError {
  override readonly retryable: boolean = true;
}

/** The ring lost a member, or a link in it broke; the step in hand is void, the state before it is not. */
export class RingBrokenError extends RingwattError {
  override readonly retryable: boolean = true;

  constructor(message: string, cure = 'The ring forms again, from what its slots still hold.') {
    super(message, cure);
  }
}

/** Nobody has been promoted yet. */
export class NoChampionError extends MissingDataError {}

/** The process that computes for a slot ended by itself while its worker lives. */
export class SlotDiedError extends RingBrokenError {}

/** Slots that should hold the same bits do not; going on with either would hide it. */
export class SlotsDisagreeError extends RingwattError {}

/** A run's last checkpoint found no place for as long as its ring could wait; the slots still hold what it is made of. */
export class CheckpointUnwrittenError extends StorageError {
  override readonly retryable: boolean = true;
}

/** A notice is not out yet: its channel failed, or somebody else is at it. It is tried again from `until`, in milliseconds. */
export class DeliveryWaitsError extends RingwattError {
  override readonly retryable: boolean = true;
  readonly until: number;

  constructor(message: string, until: number) {
    super(message, 'It is tried again for a day; `alerts check` says what is wrong.');
    this.until = until;
  }
}

/** Someone asked for the step in hand to be dropped; the last checkpoint stands. */
export class SegmentAbortedError extends RingwattError {
  override readonly retryable: boolean = true;
}

/** Zod's issues as one line that names each bad field: `horizonHours: expected number, received string`. */
export function describeIssues(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  return issues.map(({ path, message }) => `${path.map(String).join('.') || 'input'}: ${message}`).join('; ');
}

const LONGEST_QUOTE = 60;

/** What a person typed, in quotes: it may neither flood a terminal nor steer it. */
export function quoted(text: string): string {
  const plain = JSON.stringify(text).slice(1, -1).replaceAll(CONTROLS, escaped);
  return plain.length <= LONGEST_QUOTE ? `"${plain}"` : `"${plain.slice(0, LONGEST_QUOTE)}…"`;
}

/** Control letters, and those that turn the direction of what follows. */
const CONTROLS = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** One line without anything that steers a terminal. */
export const oneLine = (text: string): string =>
  text
    .replace(/\s*\n\s*/g, ' ')
    .trim()
    .replaceAll(CONTROLS, escaped);

/** `1 region`, `2 regions`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The text to show for anything thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof RingwattError) return error.line;
  return error instanceof Error ? error.message : String(error);
}
