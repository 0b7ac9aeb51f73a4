import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import type { Home } from '../lake/home.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Where a gzip header keeps the time of its content, as 32-bit seconds since 1970 (RFC 1952, 2.3). */
const GZIP_TIME_OFFSET = 4;

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

  #path(page: string): string {
    return this.#home.path(this.folder, `${page}.${this.#extension}.gz`);
  }
}
