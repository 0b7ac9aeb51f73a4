import type { ModelSource } from '../engine/source.ts';
import { keyOf } from './catalogue.ts';
import type { ModelTarget } from './target.ts';

/** One version of one source, loaded once under however many names it is served. */
export interface Needed {
  key: string;
  /** For logs and figures. */
  model: string;
  version: number;
  source: ModelSource;
  /** The served models that have it; none where only the A/B test of another model deals it. */
  names: readonly string[];
}

/** The versions that a model is served by, in the order of its target. */
export function versionsNeeded(root: string, { config: { name, source }, versions }: ModelTarget): Needed[] {
  return versions.map((version) => {
    const own = { model: name, version, names: [name] };
    if (source.kind === 'registry') return { ...registered(root, source.model, version), ...own };
    const folder = `${source.path}/${version}`;
    return { ...own, key: `${name}:${folder}`, source: { kind: 'saved-model', folder } };
  });
}

/** All that must be loaded for all of them, each once. */
export function allNeeded(root: string, targets: readonly ModelTarget[]): Map<string, Needed> {
  const needed = new Map<string, Needed>();
  const own = targets.flatMap((target) => versionsNeeded(root, target));
  const beside = targets.flatMap((target) =>
    target.beside.map(({ model, version }) => registered(root, model, version)),
  );
  for (const one of [...own, ...beside]) {
    const known = needed.get(one.key);
    needed.set(one.key, known ? { ...known, names: [...known.names, ...one.names] } : one);
  }
  return needed;
}

const registered = (root: string, model: string, version: number): Needed => ({
  ...{ key: keyOf({ model, version }), model, version, names: [] },
  source: { kind: 'registered', root, name: model, version },
});
