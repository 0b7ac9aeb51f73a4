import { CancellationScope, isCancellation, startChild } from '@temporalio/workflow';
import { ApplicationFailure } from '@temporalio/common';
import type { IngestionOutcome } from '../src/contracts/ingestion.ts';
import type { RegionCode } from '../src/contracts/regions.ts';
import { SourceFaultError, UnavailableError, counted } from '../src/errors.ts';
import { failureLine, isFailureOf } from '../src/temporal/failures.ts';
import { workflowIds } from '../src/temporal/names.ts';
import { ingestionWorkflow } from './ingestion.ts';
import { whenFree } from './pipeline-children.ts';

/** What fails for a while is tried again in there; a source that stays away ends the run, which says so. */
export async function collectRecord(regions: RegionCode[], minutes: number): Promise<IngestionOutcome> {
  try {
    return await CancellationScope.withTimeout(60_000 * minutes, async () => {
      const child = await whenFree(() =>
        startChild(ingestionWorkflow, {
          workflowId: workflowIds.ingestion(regions, 'first..last'),
          args: [{ regions }],
          staticSummary: `The hourly record of ${regions.join(', ')}`,
        }),
      );
      const result = await child.result();
      if (result.failedWindows === 0) return result;
      throw ApplicationFailure.nonRetryable(
        `${counted(result.failedWindows, 'window')} could not be fetched.`,
        SourceFaultError.name,
      );
    });
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    if (isCancellation(error)) throw down(`it has not answered for ${counted(minutes, 'minute')}`);
    // Others, such as a full disk, are no fault of the source and are told as they are.
    throw isFailureOf(error, SourceFaultError, UnavailableError) ? down(failureLine(error)) : error;
  }
}

const down = (why: string) =>
  ApplicationFailure.nonRetryable(`The source is down: ${why}`, SourceFaultError.name);
