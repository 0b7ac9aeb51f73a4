import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { writeFileAtomic } from '../src/lake/atomic-write.ts';
import type { Logger } from '../src/stages/context.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** All that workflows may import values from: what the bundle is made of. */
const SOURCES = ['workflows', 'src/contracts', 'src/temporal'];
const SINGLE_SOURCES = ['src/errors.ts', 'package-lock.json'];

/**
 * The workflows as the one script that the worker's sandbox runs. Bundling takes seconds, so the result is kept in
 * `folder`, named by the hash of its sources.
 */
export async function workflowBundle(folder: string, log: Logger): Promise<{ code: string }> {
  const path = join(folder, `workflows-${await hashOfSources()}.js`);
  const kept = await readFile(path, 'utf8').catch(() => undefined);
  if (kept !== undefined) return { code: kept };
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(ROOT, 'workflows/index.ts'),
    logger: new DefaultLogger('WARN'),
  });
  await writeFileAtomic(path, code);
  log.info({ bytes: code.length }, 'bundled the workflows');
  return { code };
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256').update(
    createRequire(import.meta.url)('@temporalio/worker/package.json').version,
  );
  for (const folder of SOURCES) {
    const names = await readdir(join(ROOT, folder));
    for (const name of names.filter((each) => each.endsWith('.ts')).sort()) {
      hash.update(`${folder}/${name}`).update(await readFile(join(ROOT, folder, name)));
    }
  }
  for (const path of SINGLE_SOURCES) hash.update(path).update(await readFile(join(ROOT, path)));
  return hash.digest('hex').slice(0, 16);
}
