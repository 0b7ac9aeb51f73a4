import { DeliveryWaitsError, messageOf } from '../errors.ts';
import type { Logger } from '../stages/context.ts';
import { deliver, type DeliverOptions } from './deliver.ts';

export interface SendOptions extends DeliverOptions {
  log: Logger;
}

/** Tries all that waits in the outbox once, side by side; what fails is tried again by whoever comes next. */
export async function sendWaiting(options: SendOptions, pending: readonly string[]): Promise<void> {
  const attempts = pending.map((id) =>
    deliver(options, id).catch((error: unknown) => {
      options.signal.throwIfAborted();
      // Who waits for the time of its next attempt says nothing new.
      if (error instanceof DeliveryWaitsError)
        options.log.debug({ id, reason: error.message }, 'not sent yet');
      else options.log.error({ id, reason: messageOf(error) }, 'a delivery failed');
    }),
  );
  await Promise.all(attempts);
}
