import type { ArtifactReference } from '../src/contracts/artifact.ts';
import type { Canary, CanaryRecord, ChampionRecord, LifecycleEvent } from '../src/contracts/lifecycle.ts';
import type { VouchedRequest } from '../src/contracts/voucher.ts';
import { BadInputError } from '../src/errors.ts';
import type { StageInput, StageName, StageOutput } from '../src/stages/table.ts';
import { activityId } from './audit.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { underHeartbeat } from './heartbeat.ts';

export interface KnownModel {
  champion: ChampionRecord | null;
  /** As last written; one of before canaries were there has none. */
  canary?: CanaryRecord | null;
  /** Ascending. */
  versions: number[];
  /** Newest first, at most 50. */
  events: LifecycleEvent[];
}

/** A champion, and what it takes to score it again. */
export interface RivalModel {
  version: number;
  model: ArtifactReference;
  sequences: ArtifactReference;
}

/** A canary without the hash of its version, which the activity reads. */
export interface PlacedCanary extends Pick<CanaryRecord, 'name' | 'generation'> {
  canary: Omit<Canary, 'sha256'> | null;
}

/** An event, and the request that it came of, where its door vouches for who sent it. */
export interface RecordedEvent {
  name: string;
  event: LifecycleEvent;
  vouched?: VouchedRequest;
}

const EVENTS_SHOWN = 50;

/** What `modelLifecycleWorkflow` reads and writes: the files are the truth, the workflow rebuilds itself from them. */
export function registryActivities({ run, heartbeatMs }: ActivityDependencies) {
  const stage = <Name extends StageName>(name: Name, input: StageInput<Name>): Promise<StageOutput<Name>> =>
    underHeartbeat<never, StageOutput<Name>>(heartbeatMs, (signal) =>
      run(name, input, { signal, progress: () => {} }),
    );

  return {
    async readModel({ name }: { name: string }): Promise<KnownModel> {
      const [listing] = await stage('listModels', { name });
      const events = await stage('readHistory', { name });
      const canary = await stage('readCanary', { name });
      return {
        champion: listing?.champion ?? null,
        canary,
        versions: listing?.versions.map(({ version }) => version) ?? [],
        events: events.slice(-EVENTS_SHOWN).toReversed(),
      };
    },

    async readRival({ name }: { name: string }): Promise<RivalModel | null> {
      const champion = await stage('readChampion', { name });
      if (!champion) return null;
      const { record } = await stage('readVersion', { name, version: champion.version });
      const { forecaster, training, sequences } = record.lineage;
      const model = forecaster ?? training;
      if (!model || !sequences) {
        throw new BadInputError(
          `The champion of ${name} forecasts a series of its own, not the grid.`,
          'Name another model with --model.',
        );
      }
      return { version: champion.version, model, sequences };
    },

    /** Fails, naming the reason, when the version is not there or not whole. */
    async crownVersion(record: Omit<ChampionRecord, 'sha256'>): Promise<ChampionRecord> {
      const { sha256 } = await stage('readVersion', record);
      return stage('writeChampion', { ...record, sha256 });
    },

    /** Fails likewise; `canary: null` ends what runs. */
    async placeCanary({ name, generation, canary }: PlacedCanary): Promise<CanaryRecord> {
      if (!canary) return stage('writeCanary', { name, generation, canary });
      const { sha256 } = await stage('readVersion', { name, version: canary.version });
      return stage('writeCanary', { name, generation, canary: { ...canary, sha256 } });
    },

    async recordEvent({ name, event, vouched }: RecordedEvent): Promise<void> {
      await stage('appendHistory', { name, event, vouched });
      const { at, kind, by, identity, reason, from = 'signal', version, previous, share } = event;
      await stage('recordAudit', {
        ...{ at, who: by, identity, what: kind, subject: `model/${name}`, why: reason, from },
        details: { version, previous, ...(share !== undefined && { share }) },
        ...{ id: activityId(), vouched },
      });
    },
  };
}
export type RegistryActivities = ReturnType<typeof registryActivities>;
