import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const FOLDER = join(ROOT, 'deploy', 'kubernetes');
export const FILES = globSync('*.yaml', { cwd: FOLDER })
  .map((file) => basename(file))
  .filter((file) => file !== 'kustomization.yaml')
  .toSorted();

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: { name: string }[];
  ports?: { name: string; containerPort: number }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
}

export interface Probe {
  httpGet?: { path: string; port: string; scheme?: string };
  exec?: { command: string[] };
}

export interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string };
  data?: Record<string, string>;
  spec: Record<string, unknown> & {
    replicas?: number;
    ports?: { port: number; targetPort: string }[];
    template?: { spec: PodSpec };
  };
}

export interface PodSpec {
  automountServiceAccountToken?: boolean;
  securityContext: Record<string, unknown>;
  initContainers?: Container[];
  containers: Container[];
}

export const yamlOf = (file: string): unknown[] =>
  parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8'), { merge: true }).map(
    (document) => document.toJS() as unknown,
  );

/** What an overlay may add: serving with shards in pods of their own. */
export const SHARDED = 'sharded/serving-shards.yaml';

export const manifests = FILES.flatMap((file) => yamlOf(file) as Manifest[]);

export function manifest(kind: string, name: string): Manifest {
  const found = manifests.find((each) => each.kind === kind && each.metadata.name === name);
  if (!found) throw new Error(`There is no ${kind} ${name}.`);
  return found;
}

export const pods = [...manifests, ...(yamlOf(SHARDED) as Manifest[])].flatMap(({ metadata, spec }) =>
  spec?.template ? [{ name: metadata.name, spec: spec.template.spec }] : [],
);
export const containers = pods.flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers]);
