import { messageOf } from '../errors.ts';

/** A part of the page, or why it cannot be told: one that is damaged or away must not hide the others. */
export type Told<Value> = { ok: true; value: Value } | { ok: false; problem: string };

export async function told<Value>(work: () => Value | Promise<Value>): Promise<Told<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, problem: messageOf(error) };
  }
}
