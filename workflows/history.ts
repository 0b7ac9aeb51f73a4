import { workflowInfo } from '@temporalio/workflow';

/** Whether it is time to continue as new: a worker that takes a workflow over replays all of its history. */
export function isHistoryLong(limit: number): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength > limit;
}
