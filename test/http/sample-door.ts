import type { Config } from '../../src/config/config.ts';
import { httpDoor, type DoorParts } from '../../src/http/server.ts';
import { registerModel } from '../../src/registry/stage.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { LastingConnection } from '../../src/temporal/lasting-connection.ts';
import { rescored, scoredSample } from '../registry/scored-sample.ts';

export const NAME = 'day-ahead';

/** A home with two versions of a model. */
export async function registerTwo(context: StageContext): Promise<void> {
  const sample = await scoredSample(context);
  for (const backtest of [sample.backtest, await rescored(context, sample, 'second')]) {
    await registerModel(context, { name: NAME, model: sample.model, backtest });
  }
}

type Place = Pick<Config, 'temporalAddress' | 'temporalNamespace'>;

/** The door of a home, closed after `act`. */
export async function withDoor<T>(
  { home }: StageContext,
  place: Place | undefined,
  act: (door: ReturnType<typeof httpDoor>) => Promise<T>,
  { log = silentLogger, ...more }: Partial<DoorParts> = {},
): Promise<T> {
  const temporal = new LastingConnection(() => place);
  const door = httpDoor({ home, temporal, log, ...more });
  try {
    return await act(door);
  } finally {
    await door.close();
    await temporal.close();
  }
}
