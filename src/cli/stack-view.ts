import type { Home } from '../lake/home.ts';
import type { StackState } from '../stack/state.ts';
import { pairs, table } from './table.ts';

/** The services of a home, for a person; with the CLI by which they may be asked, where it is known. */
export function describeStack(home: Home, state: StackState, temporalCli?: string): string {
  const facts = pairs({
    home: home.root,
    state: state.state,
    since: state.since,
    'Temporal UI': state.temporal.uiUrl ?? 'of the cluster',
    'Temporal address': state.temporal.address,
    ...(temporalCli && { 'Temporal CLI': temporalCli }),
    'archive server': state.archiveUrl ?? 'not started: the real hosts are read',
    logs: home.path('logs'),
  });
  const rows = state.services.map(({ name, state: now, process, restarts }) => [
    name,
    now,
    String(process?.pid ?? '-'),
    String(restarts),
  ]);
  return `${facts}\n\n${table(['service', 'state', 'pid', 'restarts'], rows)}`;
}
