import { CorruptArtifactError } from '../errors.ts';

/**
 * Several files as one: four bytes of header length (little-endian), a JSON header of names and sizes, then the files
 * one after another. Equal files give equal bytes.
 */
export function bundle(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const header = Buffer.from(JSON.stringify([...files].map(([name, { length }]) => [name, length])));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([length, header, ...files.values()]);
}

export function unbundle(bytes: Uint8Array, name: string): Map<string, Uint8Array> {
  const damaged = () =>
    new CorruptArtifactError(`${name} is not a fitted ensemble: it is cut off or foreign.`, 'Fit it again.');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 4) throw damaged();
  let at = 4 + buffer.readUInt32LE(0);
  let entries: [string, number][];
  try {
    entries = JSON.parse(buffer.subarray(4, at).toString('utf8')) as [string, number][];
  } catch {
    throw damaged();
  }
  const files = new Map<string, Uint8Array>();
  for (const [file, length] of entries) files.set(file, buffer.subarray(at, (at += length)));
  if (at !== buffer.length) throw damaged();
  return files;
}
