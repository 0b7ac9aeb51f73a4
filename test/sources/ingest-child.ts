import { Home } from '../../src/lake/home.ts';
import { ingestWindow } from '../../src/sources/stage.ts';
import { contextOf } from './support.ts';

// Over its limit of file size a process gets this signal beside the error; a full disk sends none.
process.on('SIGXFSZ', () => {});

/** Ingests one window in a process of its own, so that a test can kill it: `node ingest-child.ts HOME URL WINDOW`. */
const [root, url, window] = process.argv.slice(2) as [string, string, string];
await ingestWindow(contextOf(await Home.open(root), url), JSON.parse(window) as never);
