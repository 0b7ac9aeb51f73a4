import { readFile, readdir } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import proto from '@temporalio/proto';
import { writeFileAtomic } from '../../src/lake/atomic-write.ts';

// Kept in protobuf's own encoding: the SDK's conversion to JSON fails where two versions of protobufjs are installed.

const FOLDER = new URL('./histories/', import.meta.url);
const SUFFIX = '.pb.gz';
const { History } = proto.temporal.api.history.v1;
/** As in identities and in the names of sticky queues. */
const PROCESS_AND_HOST = /^\d+@[\w.]+/;
type History = proto.temporal.api.history.v1.IHistory;

export async function recordedNames(): Promise<string[]> {
  return (await readdir(FOLDER)).map((name) => name.replace(SUFFIX, '')).toSorted();
}

export async function readHistory(name: string): Promise<History> {
  return History.decode(gunzipSync(await readFile(new URL(`${name}${SUFFIX}`, FOLDER))));
}

/** Without what names a machine: who did it, and where in which file something failed. */
export async function writeHistory(name: string, history: History): Promise<void> {
  scrub(history);
  const bytes = History.encode(History.fromObject(history)).finish();
  await writeFileAtomic(new URL(`${name}${SUFFIX}`, FOLDER).pathname, gzipSync(bytes, { level: 9 }));
}

function scrub(value: unknown): void {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return;
  const fields = value as Record<string, unknown>;
  for (const [name, inner] of Object.entries(fields)) {
    if (name === 'stackTrace') fields[name] = '';
    else if (typeof inner === 'string') fields[name] = inner.replace(PROCESS_AND_HOST, 'recorder');
    else scrub(inner);
  }
}
