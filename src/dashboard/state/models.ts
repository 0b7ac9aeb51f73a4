import { activeShadow } from '../../contracts/shadow.ts';
import type { Home } from '../../lake/home.ts';
import { readShadow } from '../../registry/shadow.ts';
import { listModels } from '../../registry/stage.ts';
import type { VersionStatus } from '../../serving/model-config.ts';

export interface RegisteredModel {
  name: string;
  champion: { version: number; since: string } | null;
  canary: { version: number; share: number } | null;
  shadow: { version: number; share: number } | null;
  versions: number[];
}

export interface ModelState extends RegisteredModel {
  /** What this process has loaded, or tries to. */
  served: VersionStatus[];
}

export async function registeredModels(home: Home): Promise<RegisteredModel[]> {
  return Promise.all(
    (await listModels({ home })).map(async ({ name, champion, canary, versions }) => {
      const shadow = activeShadow(champion, await readShadow(home, name));
      return {
        name,
        champion: champion && { version: champion.version, since: champion.since },
        canary: canary && { version: canary.version, share: canary.share },
        shadow: shadow && { version: shadow.version, share: shadow.share },
        versions: versions.map(({ version }) => version),
      };
    }),
  );
}

/** A model from a folder is served and not registered. */
export function withServed(
  registered: readonly RegisteredModel[],
  served: ReadonlyMap<string, VersionStatus[]>,
): ModelState[] {
  const others = [...served.keys()].filter((name) => !registered.some((model) => model.name === name));
  return [
    ...registered,
    ...others.map((name) => ({ name, champion: null, canary: null, shadow: null, versions: [] })),
  ]
    .map((model) => ({ ...model, served: served.get(model.name) ?? [] }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
