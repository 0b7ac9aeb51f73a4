import { canonicalJson } from '../lake/canonical.ts';
import { readArtifact } from '../lake/artifacts.ts';
import type { StartInput, StartPlan } from '../contracts/learning.ts';
import type { LifecycleEvent } from '../contracts/lifecycle.ts';
import { departureLine, departureOf, isByHand } from '../contracts/reigns.ts';
import { sequencesInput } from '../contracts/stages.ts';
import { catalogue, catalogueHash } from '../features/catalogue.ts';
import { modelConfig, resolveModel } from '../model/config.ts';
import { readChampion } from '../registry/champion.ts';
import { readHistory } from '../registry/history.ts';
import { versionFile } from '../registry/layout.ts';
import { regionsLost } from '../registry/regions-lost.ts';
import { readVersionRecord, type ModelVersion } from '../registry/versions.ts';
import { channelNames } from '../sequences/inputs.ts';
import { issueDetailsFor } from '../sequences/issue-tables.ts';
import { parseNormaliser, type Normaliser } from '../sequences/normaliser.ts';
import type { StageContext } from '../stages/context.ts';
import { resolveTraining } from '../training/settings.ts';

/**
 * Of the steps and the peak rate of a training from the seed: the trunk has been found, and what has changed since is
 * little: at the full rate a network of a hundred steps lost in another hundred what it knew, and at a tenth 16 steps did
 * as well as 48 (docs/continuous-learning.md).
 */
const WARM = { steps: 0.025, learningRate: 0.1 };

/**
 * The champion's weights to go on from, where the training that is asked for would be of the very same network on the
 * very same inputs; else why it begins afresh. Asked before anything is cut or trained.
 */
export async function planStart({ home }: Pick<StageContext, 'home'>, input: StartInput): Promise<StartPlan> {
  const champion = await readChampion({ home }, input);
  const { maxSteps, learningRate } = resolveTraining(input.settings);
  const takenBack = versionsTakenBack(await readHistory({ home }, input));
  const known = { champion: champion?.version ?? null, takenBack, loses: [] as string[] };
  const fresh = (why: string): StartPlan => ({ ...known, goOnFrom: null, why, maxSteps, learningRate });
  if (!champion) return fresh('There is no champion to go on from.');
  const version = await readVersionRecord(home, input.name, champion.version);
  known.loses = regionsLost(version, input.regions);
  const [weights, normaliser] = [
    versionFile(version.record, 'weights'),
    versionFile(version.record, 'normaliser'),
  ];
  if (!weights || !normaliser) return fresh(`Version ${champion.version} has no network.`);
  const fitted = parseNormaliser(await readArtifact(home, normaliser), normaliser.uri);
  const why = otherModel(fitted, version, input);
  if (why) return fresh(`Version ${champion.version} ${why}.`);
  return {
    ...known,
    goOnFrom: { weights, normaliser },
    why: `It goes on from the weights of version ${champion.version}.`,
    maxSteps: Math.ceil(WARM.steps * maxSteps),
    learningRate: WARM.learningRate * learningRate,
  };
}

/** As many as a plan tells of, the last to be taken back among them. */
const TAKEN_BACK_TOLD = 20;

/** Trained again on the same hours a version comes out the same, and so is proposed again. */
function versionsTakenBack(events: readonly LifecycleEvent[]): { version: number; says: string }[] {
  const departures = events
    .filter((event) => event.kind === 'rolled-back' || (event.kind === 'promoted' && isByHand(event)))
    .filter((event) => event.previous !== null && departureOf(events, event.previous) === event);
  return departures.slice(-TAKEN_BACK_TOLD).map((event) => ({
    version: event.previous!,
    says: `Version ${event.previous} was champion before and ${departureLine(event)}`,
  }));
}

function otherModel(
  fitted: Normaliser,
  { record }: ModelVersion,
  { regions, settings }: StartInput,
): string | undefined {
  const had = modelConfig.safeParse(record.training['model']);
  if (!had.success || !fitted.issues) return 'does not say what network it is';
  if (had.data.regions.join() !== regions.join()) {
    return `is a network of ${had.data.regions.join(', ')}, not of ${regions.join(', ')}`;
  }
  if (fitted.catalogueHash !== catalogueHash(catalogue())) return 'was trained on another feature catalogue';
  // What the pipeline asks for where nobody says otherwise.
  const wanted = issueDetailsFor(sequencesInput.parse({ dataset: NOWHERE }));
  const { columns, horizon, issueHourLocal, operator, weather } = fitted.issues;
  if (
    canonicalJson({ columns, horizon, issueHourLocal, operator, weather }) !== canonicalJson(plain(wanted))
  ) {
    return 'was trained on other columns than are made now';
  }
  const asked = resolveModel(settings, {
    channels: channelNames(fitted),
    regions: [...regions],
    horizon: fitted.horizon,
    issues: wanted,
  });
  return canonicalJson(had.data) === canonicalJson(asked) ? undefined : 'is a network of other sizes';
}

const NOWHERE = { uri: 'none', sha256: '0'.repeat(64), bytes: 0 };

const plain = ({
  columns,
  horizon,
  issueHourLocal,
  operator,
  weather,
}: ReturnType<typeof issueDetailsFor>) => ({
  columns,
  horizon,
  issueHourLocal,
  operator,
  weather,
});
