import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { userCacheFolder } from '../config/machine.ts';

/** What `setup tensorflow` builds: for the processor, or with NVIDIA's libraries beside it. */
export type BuildKind = 'cpu' | 'cuda';

/** Pinned: two machines that built it hold the same library, so their slots give the same bits. */
export const VERSIONS = {
  tensorflow: '2.21.0',
  tfjsNode: '4.22.0',
  protobuf: '3.21.4',
  nodeApiHeaders: '1.9.0',
} as const;

export const tfjsPackage = (kind: BuildKind) => `@tensorflow/tfjs-node${kind === 'cuda' ? '-gpu' : ''}`;

/** What a finished build says about itself; this file is written last, so where it lies all the rest does. */
export interface BuildRecord {
  kind: BuildKind;
  versions: Record<string, string>;
  bytes: number;
}

/** Of the user, not of a clone: one build serves them all. */
export const tensorflowCache = () => join(userCacheFolder(), 'tensorflow');

/** A build is found by what it is made of, so another version of anything is another build. */
export const buildFolder = (kind: BuildKind) =>
  join(tensorflowCache(), `${kind}-${VERSIONS.tensorflow}-tfjs-${VERSIONS.tfjsNode}-${process.arch}`);

/** Inside a build. */
export const RECORD = 'build.json';
export const BINDING = 'tfjs_binding.node';
export const LIBRARIES = 'lib';
export const MODULES = 'node_modules';

export function readBuild(folder: string): BuildRecord | undefined {
  const path = join(folder, RECORD);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as BuildRecord) : undefined;
}

/** The finished builds of this user, the one that can use a GPU first. */
export function finishedBuilds(): { folder: string; record: BuildRecord }[] {
  return (['cuda', 'cpu'] as const).flatMap((kind) => {
    const folder = buildFolder(kind);
    const record = readBuild(folder);
    return record ? [{ folder, record }] : [];
  });
}
