import { Context } from '@temporalio/activity';
import { toFailure } from '../src/temporal/failures.ts';

/**
 * Does an activity's work while a timer tells Temporal that it lives and where it stands, and translates what it
 * throws. The latest progress is the heartbeat's details: what the terminal and the UI show.
 */
export async function underHeartbeat<Progress, Result>(
  heartbeatMs: number,
  work: (signal: AbortSignal, progress: (update: Progress) => void) => Promise<Result>,
): Promise<Result> {
  const context = Context.current();
  let latest: Progress | undefined;
  const timer = setInterval(() => context.heartbeat(latest), heartbeatMs);
  try {
    return await work(context.cancellationSignal, (update) => {
      latest = update;
    });
  } catch (error) {
    // Whatever an aborted stage throws on its way out, Temporal shall see the cancellation.
    if (context.cancellationSignal.aborted) await context.cancelled;
    throw toFailure(error, context.info.attempt, latest);
  } finally {
    clearInterval(timer);
  }
}
