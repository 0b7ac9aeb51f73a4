import { isDeepStrictEqual } from 'node:util';
import { defaultPayloadConverter, type Client } from '@temporalio/client';
import type { z } from 'zod';

/** The input that a workflow was started with, as the first event of its history has it. */
export async function inputOf(client: Client, workflowId: string): Promise<unknown> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId },
    maximumPageSize: 1,
  });
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const [first] = started?.input?.payloads ?? [];
  return first ? defaultPayloadConverter.fromPayload(first) : undefined;
}

/**
 * The names of the fields in which two inputs ask for different things; what is left open counts as its default, as
 * the workflow itself takes it. An input that the contract no longer knows differs as a whole.
 */
export function fieldsThatDiffer(contract: z.ZodType, asked: unknown, running: unknown): string[] {
  const [one, two] = [asked, running].map((input) => contract.safeParse(input ?? {}));
  if (!one?.success || !two?.success) return ['input'];
  const [left, right] = [plain(one.data), plain(two.data)];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].filter((name) => !isDeepStrictEqual(left[name], right[name]));
}

/** As it crosses Temporal: without the fields that are there and undefined. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
