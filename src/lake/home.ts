import { readFile, statfs } from 'node:fs/promises';
import { isAbsolute, join, normalize, resolve, sep } from 'node:path';
import { lakePath } from '../contracts/artifact.ts';
import { BadInputError, CorruptArtifactError, StorageError } from '../errors.ts';
import { writeFileAtomic } from './atomic-write.ts';
import { makeFolder } from './make-folder.ts';
import { storageFailure } from './storage-failure.ts';

/** Raised whenever an older binary could misread what a newer one writes. */
export const LAKE_FORMAT_VERSION = 1;

/** The folder that holds everything Ringwatt knows: data, manifests, models, reports, the embedded server's file. */
export class Home {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** Opens a home, creating it (readable by its user alone) when it is not there. */
  static async open(root: string): Promise<Home> {
    const home = new Home(resolve(root));
    try {
      await makeFolder(home.root);
      await home.checkFormat();
    } catch (error) {
      throw storageFailure(error, home.root) ?? error;
    }
    return home;
  }

  /** The absolute path of a lake path. Refuses whatever would lead out of the home. */
  path(...parts: string[]): string {
    const relative = normalize(parts.join('/'));
    if (isAbsolute(relative) || relative === '..' || relative.startsWith(`..${sep}`)) {
      throw new BadInputError(
        `The reference "${parts.join('/')}" leads out of the home.`,
        'Give a path inside it.',
      );
    }
    return join(this.root, relative);
  }

  /** Like `path`, for a reference that came over the wire. */
  pathOf(reference: { uri: string }): string {
    const parsed = lakePath.safeParse(reference.uri);
    if (!parsed.success) {
      throw new BadInputError(
        `The reference "${reference.uri}" is not a path inside the home.`,
        'Give one that is.',
      );
    }
    return this.path(parsed.data);
  }

  /** Fails before a long stage rather than in the middle of it. */
  async requireFreeSpace(bytes: number, what: string): Promise<void> {
    const { bavail, bsize } = await statfs(this.root);
    const free = bavail * bsize;
    if (free < bytes) {
      throw new StorageError(
        `${what} needs ${Math.ceil(bytes / MIB)} MiB of disk, ${this.root} has ${Math.floor(free / MIB)} MiB left.`,
        'Free some space, run `gc`, or choose another --home.',
      );
    }
  }

  private async checkFormat(): Promise<void> {
    const path = this.path('lake.json');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await writeFileAtomic(path, `${JSON.stringify({ formatVersion: LAKE_FORMAT_VERSION })}\n`);
      return;
    }
    const found = parseFormatVersion(text);
    if (found === undefined) {
      throw new CorruptArtifactError(
        `${path} is not a lake's format file.`,
        'Restore it from a backup, or use another --home.',
      );
    }
    if (found > LAKE_FORMAT_VERSION) {
      throw new BadInputError(
        `The home ${this.root} has lake format ${found}; this Ringwatt reads up to ${LAKE_FORMAT_VERSION}.`,
        'Use the newer Ringwatt that wrote it, or another --home.',
      );
    }
  }
}

function parseFormatVersion(text: string): number | undefined {
  try {
    const value = (JSON.parse(text) as { formatVersion?: unknown }).formatVersion;
    return Number.isInteger(value) && (value as number) >= 1 ? (value as number) : undefined;
  } catch {
    return undefined;
  }
}

const MIB = 2 ** 20;
