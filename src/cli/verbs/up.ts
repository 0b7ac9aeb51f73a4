import type { Command } from 'commander';
import { defineVerb, integer } from '../flags.ts';
import { perform } from '../session.ts';

export function defineUp(program: Command): void {
  defineVerb(
    program,
    'up',
    'Start the embedded services (Temporal, archive server, workers) and keep them alive until Ctrl-C or `down`.',
    ['up --detach', 'up --ui-port 8233 --slots 4'],
  )
    .option('--detach', 'leave them running in the background and come back')
    .option('--ui-port <port>', 'port of the Temporal UI (default: a free one)', integer)
    .option('--slots <count>', 'slot workers (default: 2, or RINGWATT_SLOTS)', integer)
    .action(
      perform<{ detach?: boolean; slots?: number }>(async (session, { detach, slots }) => {
        const home = await session.home();
        const { describeStack } = await import('../stack-view.ts');
        if (detach) {
          const { startDetached } = await import('../../stack/detach.ts');
          const state = await startDetached(home, session.config, {
            slots,
            signal: session.signal,
            say: session.say,
          });
          return { json: state, text: describeStack(home, state) };
        }
        const { Stack } = await import('../../stack/stack.ts');
        const { until } = await import('../until.ts');
        session.say(`starting the services of ${home.root}`);
        const { planServices } = await import('../../stack/plan.ts');
        const plan = () => planServices(home, session.config, { slots, watch: true, say: session.say });
        const stack = await Stack.start(home, plan, { purpose: 'up', say: session.say }, session.signal);
        try {
          session.print({ json: stack.description, text: describeStack(home, stack.description) });
          session.say('running; Ctrl-C stops everything');
          await until(session.signal);
        } finally {
          session.say('stopping');
          await stack.stop();
        }
        return undefined;
      }),
    );
}
