// A benchmark that is killed while its server runs, for tests: says who the server and its child are.
import { ServerProcess } from '../../../bench/serving/server-process.ts';

const SERVER = `
  const child = require('node:child_process').spawn('sleep', ['600']);
  console.log(JSON.stringify([process.pid, child.pid]));
  setInterval(() => undefined, 1000);
`;
const server = new ServerProcess(process.execPath, ['-e', SERVER], process.env);
process.stdout.write(await server.printed(/\]/));
setInterval(() => undefined, 1000);
