import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { ApprovalRequest, DeploymentRequest } from '../contracts/learning.ts';
import { MissingDataError } from '../errors.ts';
import { served } from './connection.ts';
import { approveUpdate, rejectUpdate } from './messages.ts';
import { workflowIds } from './names.ts';

/** What people ask of a model's deployment. Each answers with what was taken down, or fails with the reason of the refusal. */

const asked =
  (update: UpdateDefinition<DeploymentRequest, [Partial<ApprovalRequest>]>) =>
  (client: Client, model: string, request: ApprovalRequest): Promise<DeploymentRequest> =>
    served(() =>
      client.workflow
        .getHandle(workflowIds.deployment(model))
        .executeUpdate(update, { args: [request] })
        .catch((error: unknown) => {
          throw error instanceof WorkflowNotFoundError ? nothingWaits(model, error) : error;
        }),
    );

export const approveDeployment = asked(approveUpdate);
export const rejectDeployment = asked(rejectUpdate);

const nothingWaits = (model: string, cause: Error) =>
  new MissingDataError(
    `No version of ${model} waits for an approval.`,
    'What became of the last one stands in `jobs`.',
    { cause },
  );
