import type { Client } from '@temporalio/client';
import { RUNNING_JOBS } from './runs.ts';

/**
 * Every lake reference in the histories and the heartbeats of what runs now: what a garbage collection must leave
 * alone although no manifest names it yet.
 */
export async function referencesOfRuns(
  client: Client,
  urisIn: (text: string) => string[],
): Promise<{ runs: string[]; uris: Set<string> }> {
  const runs: string[] = [];
  const uris = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query: RUNNING_JOBS })) {
    runs.push(workflowId);
    const handle = client.workflow.getHandle(workflowId);
    const [history, { raw }] = await Promise.all([handle.fetchHistory(), handle.describe()]);
    for (const text of payloadTexts([history, raw])) for (const uri of urisIn(text)) uris.add(uri);
  }
  return { runs, uris };
}

/** The JSON of every payload, wherever it lies in the server's answer. */
function* payloadTexts(value: unknown): Generator<string> {
  if (value === null || typeof value !== 'object') return;
  if ('data' in value && value.data instanceof Uint8Array) {
    yield Buffer.from(value.data).toString('utf8');
    return;
  }
  for (const inner of Object.values(value)) yield* payloadTexts(inner);
}
