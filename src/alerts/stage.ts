import { z } from 'zod';
import { alertMessage, type AlertTurn, type DeliveryOutcome } from '../contracts/alerts.ts';
import type { StageContext } from '../stages/context.ts';
import { deliver } from './deliver.ts';
import { turnAlerts as turn } from './turn.ts';

type Context = Pick<StageContext, 'home' | 'config' | 'signal'>;

export const alertMessages = z.strictObject({ messages: z.array(alertMessage).max(200).default([]) });

/** Takes in messages and looks at the time. */
export const turnAlerts = (
  { home, config }: Context,
  { messages }: z.output<typeof alertMessages>,
): Promise<AlertTurn> => turn({ home, config, now: Date.now() }, messages);

export const deliveryInput = z.strictObject({
  id: z.string().min(1).max(200),
  by: z.string().min(1).max(200),
});

/** One attempt to send what waits. */
export const deliverAlert = (
  { home, config, signal }: Context,
  { id, by }: z.output<typeof deliveryInput>,
): Promise<DeliveryOutcome> => deliver({ home, config, now: Date.now, by, signal }, id);
