import { lastingServices } from '../stack/lasting-services.ts';
import type { LastingConnection } from '../temporal/lasting-connection.ts';
import type { Session } from './session.ts';

export const runningServices = async (session: Session): Promise<LastingConnection> =>
  lastingServices(await session.home(), session.config);
