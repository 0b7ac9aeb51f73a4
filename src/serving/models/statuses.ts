import type { State, VersionStatus } from '../model-config.ts';

type Standing = Pick<VersionStatus, 'state' | 'problem'>;

/** Of versions that ended, as many are remembered of a model. */
const ENDED_KEPT = 8;

/** How the versions of each model stand, for whoever asks, and in the order in which they ended. */
export class Statuses {
  readonly #models = new Map<string, Map<number, Standing>>();

  set(model: string, version: number, state: State, problem?: VersionStatus['problem']): void {
    const versions = this.#models.get(model) ?? new Map<number, Standing>();
    this.#models.set(model, versions);
    // Told anew, it is the last in the map's order.
    versions.delete(version);
    versions.set(version, { state, ...(problem ? { problem } : {}) });
    const ended = [...versions].filter(([, standing]) => standing.state === 'END');
    for (const [old] of ended.slice(0, -ENDED_KEPT)) versions.delete(old);
  }

  /** Forgets all other models. */
  keep(models: ReadonlyMap<string, unknown>): void {
    for (const model of this.#models.keys()) if (!models.has(model)) this.#models.delete(model);
  }

  /** Newest version first. */
  of(model: string, labels: ReadonlyMap<string, number>): VersionStatus[] {
    return [...(this.#models.get(model) ?? [])]
      .toSorted(([a], [b]) => b - a)
      .map(([version, standing]) => ({
        ...{ version, ...standing },
        labels: [...labels].filter(([, labelled]) => labelled === version).map(([label]) => label),
      }));
  }
}
