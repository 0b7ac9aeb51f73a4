import { parseArgs } from 'node:util';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { slotActivities } from '../activities/ring-slot.ts';
import { loadConfig } from '../src/config/config.ts';
import { BadInputError, UnavailableError } from '../src/errors.ts';
import { slotQueue } from '../src/temporal/names.ts';
import { tlsFolder } from '../src/tls/folder.ts';
import { isLoopback, readRingTls } from '../src/tls/host-files.ts';
import { processMetrics } from './process-metrics.ts';
import { DRAIN, main, runWorkers } from './run-workers.ts';
import { setUp } from './setup.ts';
import { SlotChild } from './slot-child.ts';
import { measured } from './slot-metrics.ts';
import { SlotRegistration } from './slot-registration.ts';

/** A tenth of the heartbeat timeout of a slot's work. */
const HEARTBEAT_MS = 1000;
/** A ring's rendezvous comes while the slot may still be leaving the ring before; the newer one ends the older. */
const RINGS_AT_ONCE = 2;

/** The process of one slot: it answers Temporal on a private queue, its child computes. */
main(async () => {
  const { number, device: wanted } = slotOptions();
  const name = `slot-${number}`;
  await refuseWithoutCertificates();
  const { config, home, log, connection } = await setUp(name);
  const queue = slotQueue(config.hostName, number);
  const slot = new SlotChild({
    home,
    host: config.slotHost,
    tls: tlsFolder(config),
    environment: environmentOf(wanted),
  });
  const { numerics, device, kernel, threads, memoryMb } = await slot.start();
  if (wanted?.startsWith('gpu') && !device.startsWith('gpu')) {
    throw new UnavailableError(
      `Slot ${number} was given ${wanted} and computes on ${device}: TensorFlow.js sees no such GPU.`,
      'Run `doctor`, or leave --device out.',
    );
  }
  const client = new Client({ connection, namespace: config.temporalNamespace });
  const record = { queue, host: config.hostName, number, device, kernel, numerics, threads, memoryMb };
  const registration = new SlotRegistration(client, record, log);
  const metrics = processMetrics(name);
  const worker = await Worker.create({
    connection,
    namespace: config.temporalNamespace,
    taskQueue: queue,
    activities: slotActivities({
      slot: measured(slot, metrics),
      heartbeatMs: HEARTBEAT_MS,
      onBroken: () => registration.hurry(),
    }),
    maxConcurrentActivityTaskExecutions: RINGS_AT_ONCE,
    ...DRAIN,
    maxHeartbeatThrottleInterval: HEARTBEAT_MS,
    defaultHeartbeatThrottleInterval: HEARTBEAT_MS,
  });
  await runWorkers({
    name,
    config,
    home,
    log,
    connection,
    workers: [worker],
    metrics,
    whileRunning: async () => {
      await registration.start();
      return () => registration.stop();
    },
  });
  await slot.close();
});

function slotOptions(): { number: number; device: string | undefined } {
  const { values } = parseArgs({
    options: { number: { type: 'string', default: '1' }, device: { type: 'string' } },
  });
  const number = Number(values.number);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new BadInputError(`--number ${values.number} is not a slot's number.`, 'Give 1, 2, 3 …');
  if (values.device !== undefined && !/^(cpu|gpu:\d+)$/.test(values.device))
    throw new BadInputError(`--device ${values.device} is not a device.`, 'Give cpu, gpu:0, gpu:1 …');
  return { number, device: values.device };
}

/** A slot that cannot prove itself to those of other hosts would fail every run that leases it. */
async function refuseWithoutCertificates(): Promise<void> {
  const config = loadConfig();
  if (!isLoopback(config.slotHost)) await readRingTls(tlsFolder(config), config.slotHost);
}

/** A process sees the one GPU that it is bound to, or none. */
function environmentOf(device: string | undefined): Record<string, string> {
  return device === undefined
    ? {}
    : { CUDA_VISIBLE_DEVICES: device === 'cpu' ? '-1' : device.slice('gpu:'.length) };
}
