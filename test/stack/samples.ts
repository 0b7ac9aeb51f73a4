import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../src/config/config.ts';
import { Home } from '../../src/lake/home.ts';
import type { StackPlan } from '../../src/stack/plan.ts';
import type { ServiceSpec } from '../../src/stack/service.ts';

/** A home in a folder of its own, and what takes it away again. */
export async function temporaryHome(): Promise<{ home: Home; remove: () => void }> {
  const root = mkdtempSync(join(tmpdir(), 'ringwatt-home-'));
  return { home: await Home.open(root), remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** A service that says `ready` at once and then does what `code` does. */
export function sampleService(name: string, code = 'setInterval(() => {}, 1000);'): ServiceSpec {
  return {
    name,
    path: process.execPath,
    args: ['-e', `console.log('ready'); ${code}`],
    environment: process.env,
    async untilReady(lines) {
      for await (const line of lines) if (line === 'ready') return;
      throw new Error('it ended before it was ready');
    },
  };
}

export function samplePlan(...services: ServiceSpec[]): StackPlan {
  return {
    tiers: [services],
    temporal: { address: '127.0.0.1:1', namespace: 'default', uiUrl: null },
    archiveUrl: null,
    config: loadConfig({}, { environment: {} }),
  };
}

/** Asks until the answer is yes; a condition that never comes is the test's own time-out. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}
