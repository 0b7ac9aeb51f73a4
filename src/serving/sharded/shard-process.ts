import type { FromShardProcess, ToShardProcess } from './protocol.ts';
import { openShardDoor } from './shard-door.ts';

/** A shard on this host: it ends when the process that serves does. */
process.on('disconnect', () => process.exit(0));
process.once('message', ({ token, timing }: ToShardProcess) => {
  void openShardDoor(token, timing ? { timing } : {}).then(({ address }) => {
    process.send!({ address } satisfies FromShardProcess, () => undefined);
  });
});
