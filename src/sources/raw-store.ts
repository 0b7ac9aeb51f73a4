import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import type { Home } from '../lake/home.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Where a gzip header keeps the time of its content, as 32-bit seconds since 1970 (RFC 1952, 2.3). */
const GZIP_TIME_OFFSET = 4;

const LEFT_OVER_AFTER_MS = 3600_000;

export interface RawReply {
  body: Buffer;
  /** Seconds since 1970 UTC; lies in the gzip header, so that a copied or restored file keeps it. */
  fetchedAt: number;
}

/**
 * The replies of one window, byte for byte as `get` returned them, the key redacted, under `raw/<source>/<route>/<region>/<window>/`.
 * A page that is here is not fetched again: the raw file is the checkpoint.
 */
export class RawStore {
  readonly folder: string;
  readonly #home: Home;
  readonly #extension: string;

  constructor(home: Home, folder: string, extension: 'json' | 'zip') {
    this.folder = folder;
    this.#home = home;
    this.#extension = extension;
  }

  /** The stored reply, or undefined when there is none, or none that can be decompressed. */
  async read(page: string): Promise<RawReply | undefined> {
    const stored = await readFile(this.#path(page)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (stored === undefined || stored.length < GZIP_TIME_OFFSET + 4) return undefined;
    try {
      return { body: await decompress(stored), fetchedAt: stored.readUInt32LE(GZIP_TIME_OFFSET) };
    } catch {
      // Cut short or damaged on disk: the page counts as not stored and is fetched again.
      return undefined;
    }
  }

  /** Returns the bytes written to disk. */
  async write(page: string, { body, fetchedAt }: RawReply): Promise<number> {
    // The fastest level: the lake's own copy is the Parquet file, and a slower one would hold up the fetching.
    const stored = await compress(body, { level: constants.Z_BEST_SPEED });
    stored.writeUInt32LE(Math.floor(fetchedAt), GZIP_TIME_OFFSET);
    await writeFileAtomic(this.#path(page), stored);
    return stored.length;
  }

  /** Forgets all pages of the window, where together they turned out to be no answer. */
  async clear(): Promise<void> {
    await rm(this.#home.path(this.folder), { recursive: true, force: true });
  }

  /** Takes away what writers left that were stopped in the middle; called when the window is opened. */
  async sweep(): Promise<void> {
    const folder = this.#home.path(this.folder);
    for (const name of await readdir(folder).catch(() => [])) {
      const pid = /\.(\d+)\.[0-9a-f]+\.tmp$/.exec(name)?.[1];
      if (pid === undefined) continue;
      const path = join(folder, name);
      if (!isRunning(Number(pid)) || (await isOld(path))) await rm(path, { force: true });
    }
  }

  #path(page: string): string {
    return this.#home.path(this.folder, `${page}.${this.#extension}.gz`);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** A number is given to a new process after a while, in a container at once: no write takes this long. */
async function isOld(path: string): Promise<boolean> {
  const written = await stat(path).catch(() => undefined);
  return written !== undefined && Date.now() - written.mtimeMs > LEFT_OVER_AFTER_MS;
}
