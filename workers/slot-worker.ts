import { parseArgs } from 'node:util';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { slotActivities } from '../activities/ring-slot.ts';
import { BadInputError } from '../src/errors.ts';
import { slotQueue } from '../src/temporal/names.ts';
import { DRAIN, main, runWorkers } from './run-workers.ts';
import { setUp } from './setup.ts';
import { SlotChild } from './slot-child.ts';
import { keepRegistered } from './slot-registration.ts';

/** A tenth of the heartbeat timeout of a slot's work. */
const HEARTBEAT_MS = 1000;

/** The process of one slot: it answers Temporal on a private queue, its child computes. */
main(async () => {
  const number = slotNumber();
  const name = `slot-${number}`;
  const { config, home, log, connection } = await setUp(name);
  const queue = slotQueue(config.hostName, number);
  const slot = new SlotChild({ home, host: config.slotHost });
  const { numerics, device, threads, memoryMb } = await slot.start();
  const worker = await Worker.create({
    connection,
    namespace: config.temporalNamespace,
    taskQueue: queue,
    activities: slotActivities({ slot, heartbeatMs: HEARTBEAT_MS }),
    // One ring at a time: the next one's rendezvous waits until this slot has left the last.
    maxConcurrentActivityTaskExecutions: 1,
    ...DRAIN,
    maxHeartbeatThrottleInterval: HEARTBEAT_MS,
    defaultHeartbeatThrottleInterval: HEARTBEAT_MS,
  });
  const record = {
    queue,
    host: config.hostName,
    number,
    device,
    numerics,
    threads,
    memoryMb,
  };
  const client = new Client({ connection, namespace: config.temporalNamespace });
  await runWorkers({
    name,
    home,
    log,
    connection,
    workers: [worker],
    whileRunning: () => keepRegistered(client, record, log),
  });
  await slot.close();
});

function slotNumber(): number {
  const { values } = parseArgs({ options: { number: { type: 'string', default: '1' } } });
  const number = Number(values.number);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new BadInputError(`--number ${values.number} is not a slot's number.`, 'Give 1, 2, 3 …');
}
