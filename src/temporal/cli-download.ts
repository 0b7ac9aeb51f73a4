import { chmod, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';

// Run as a program: `node cli-download.ts FOLDER` leaves the Temporal CLI there and prints its path. The SDK
// downloads it when it starts an ephemeral server, so one is started and stopped.
const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: cli-download.ts FOLDER');
const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir: folder } },
});
await environment.teardown();
const [name] = await readdir(folder);
if (name === undefined) throw new Error('the SDK kept no file');
const path = join(folder, 'temporal');
await rename(join(folder, name), path);
await chmod(path, 0o755);
process.stdout.write(`${path}\n`);
