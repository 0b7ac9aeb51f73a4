import { StorageError } from '../errors.ts';

const STORAGE_CURES: Record<string, string> = {
  ENOSPC: 'Free some space, run `gc`, or choose another --home.',
  EDQUOT: 'Raise the quota, run `gc`, or choose another --home.',
  EFBIG: 'The file is larger than this user or file system may have: choose another --home.',
  EROFS: 'The file system is read-only: choose another --home.',
  EACCES: 'Give this user the right to write there, or choose another --home.',
  EPERM: 'Give this user the right to write there, or choose another --home.',
  ENOTDIR: 'A part of the path is a file: choose another --home.',
  ENOENT: 'No folder can be made there, as on a read-only file system: choose another --home.',
  EEXIST: 'A file stands where the folder should be: choose another --home.',
};

/** The system's complaint about a disk as one of ours, or undefined when it is about something else. */
export function storageFailure(error: unknown, path: string): StorageError | undefined {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  // Elsewhere it is a file that is not there.
  if (code === 'ENOENT' && syscall !== 'mkdir') return undefined;
  const cure = code === undefined ? undefined : STORAGE_CURES[code];
  return cure ? new StorageError(`Cannot write ${path} (${code}).`, cure, { cause: error }) : undefined;
}

/** The system's complaint about reading a file as one of ours, or undefined when it is no complaint of the system. */
export function readFailure(error: unknown, path: string): StorageError | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code !== undefined && /^E[A-Z0-9]+$/.test(code)
    ? new StorageError(
        `Cannot read ${path} (${code}).`,
        'Check its rights and the disk, or choose another --home.',
        { cause: error },
      )
    : undefined;
}

/** For reading what another process may delete meanwhile: `instead` when it is gone, our error when it is not. */
export function unlessGone<T>(path: string, instead: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead;
    throw readFailure(error, path) ?? error;
  };
}
