import { invalidArgument, notFound } from '../problem.ts';
import type { ModelSpec } from '../service.ts';
import { dealLoaded, type Dealt, type TrafficCall } from '../traffic/deal.ts';
import type { Wanted } from '../traffic/state.ts';
import type { ServedVersion } from './served-version.ts';
import type { ModelTarget } from './target.ts';

/** A model as callers find it. */
export interface ServedModel {
  target: ModelTarget;
  versions: ReadonlyMap<number, ServedVersion>;
}

export interface Found {
  version: ServedVersion;
  label?: string;
  /** Where neither version nor label was asked for and the registry says who answers. */
  dealt?: Dealt;
  /** What was dealt but is not loaded: the champion answers for it. */
  missing?: Wanted;
}

/** Everything that answers at one moment. Never changed: a reload makes another, so that no call sees half of one. */
export class Catalogue {
  readonly #models: ReadonlyMap<string, ServedModel>;
  /** By registered model and version, as A/B tests name them. */
  readonly #registered: ReadonlyMap<string, ServedVersion>;

  constructor(models: ReadonlyMap<string, ServedModel>, registered: ReadonlyMap<string, ServedVersion>) {
    this.#models = models;
    this.#registered = registered;
  }

  get models(): ReadonlyMap<string, ServedModel> {
    return this.#models;
  }

  /** @throws ServingProblem in TensorFlow Serving's words, which clients look for */
  find(spec: ModelSpec, call: TrafficCall): Found {
    const { name, version, label } = spec;
    const model = this.#models.get(name);
    if (label !== undefined) return { version: labelled(model, spec, label), label };
    if (version !== undefined) return { version: numbered(model, name, version) };
    const traffic = model?.target.traffic;
    if (model && traffic?.champion)
      return this.#dealt(model, traffic, call) ?? { version: newest(model, name) };
    return { version: newest(model, name) };
  }

  /** A registered version, under whatever name it is served. */
  registered(wanted: Wanted): ServedVersion | undefined {
    return this.#registered.get(keyOf(wanted));
  }

  #dealt(
    model: ServedModel,
    traffic: NonNullable<ModelTarget['traffic']>,
    call: TrafficCall,
  ): Found | undefined {
    const result = dealLoaded(traffic, call, (wanted) => this.#registered.has(keyOf(wanted)));
    const found = result && this.#registered.get(keyOf(result.dealt));
    if (!found) return undefined;
    const { dealt, missing } = result;
    const [label] = [...model.target.labels].find(([, version]) => version === dealt.version) ?? [];
    return {
      version: found,
      dealt,
      ...(missing ? { missing } : {}),
      ...(label === undefined ? {} : { label }),
    };
  }
}

export const keyOf = ({ model, version }: Wanted) => `${model}@${version}`;

function labelled(model: ServedModel | undefined, { name }: ModelSpec, label: string): ServedVersion {
  const version = model?.target.labels.get(label);
  if (version === undefined) throw invalidArgument(`Unrecognized servable version label: ${label}`);
  return numbered(model, name, version);
}

function numbered(model: ServedModel | undefined, name: string, version: number): ServedVersion {
  const found = model?.versions.get(version);
  if (found) return found;
  throw notFound(`Servable not found for request: Specific(${name}, ${version})`);
}

/** Of a registered model whose champion is not loaded too: the newest that is. */
function newest(model: ServedModel | undefined, name: string): ServedVersion {
  const found = [...(model?.versions.values() ?? [])].at(-1);
  if (found) return found;
  throw notFound(`Servable not found for request: Latest(${name})`);
}
