import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  ABAccount,
  ABExtendRequest,
  ABOutcomes,
  ABRequest,
  ABStopRequest,
  ABTestStatus,
} from '../contracts/ab-test.ts';
import type { AcknowledgeRequest, AlertStatus, Observation, SilenceRequest } from '../contracts/alerts.ts';
import type {
  CanaryRequest,
  EndCanaryRequest,
  LifecycleEvent,
  LifecycleStatus,
  PromoteRequest,
  RollbackRequest,
} from '../contracts/lifecycle.ts';
import type {
  IngestionProgress,
  LeaseNews,
  PipelineProgress,
  SegmentNews,
  TrainingStatus,
} from '../contracts/progress.ts';
import type {
  DrainRequest,
  LeaseAnswer,
  LeaseReference,
  LeaseRequest,
  PooledSlot,
  SlotLease,
  SlotSession,
  SlotRegistration,
  WaitingRequest,
} from '../contracts/slot-pool.ts';
import type { SearchStatus } from '../contracts/search.ts';
import type { BacktestProgress, UnitNews } from '../contracts/rolling-backtest.ts';
import type {
  ApprovalRequest,
  ChampionNews,
  ClockNews,
  DeploymentRequest,
  DeploymentStatus,
  LearningStatus,
  SupersedeRequest,
} from '../contracts/learning.ts';
import type { SeriesProgress } from '../contracts/series.ts';
import type { SegmentProgress } from '../contracts/training.ts';

/** Everything that workflows may be told or asked, named once; the names go over the wire and never change. */

// Any run
export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
export const cancelSignal = defineSignal('cancel');

// forecastingPipelineWorkflow
export const pipelineProgressQuery = defineQuery<PipelineProgress>('progress');
/** How far the training that it waits for is; told by the slot of rank 0. */
export const trainingNewsSignal = defineSignal<[SegmentProgress]>('trainingNews');

// seriesPipelineWorkflow; `trainingNews` comes to it too
export const seriesProgressQuery = defineQuery<SeriesProgress>('progress');

// ingestionWorkflow
export const ingestionProgressQuery = defineQuery<IngestionProgress>('progress');
export const ingestionDoneQuery = defineQuery<number>('done');
export const ingestionMissingQuery = defineQuery<number>('missing');
export const ingestionFailedQuery = defineQuery<IngestionProgress['failed']>('failed');

// ringTrainingWorkflow
/** Stop at the next step and make a model of what there is. */
export const stopSignal = defineSignal('stop');
/** The pool says that a leased slot is the run's no longer: its process has started anew, or another run has it. */
export const slotGoneSignal = defineSignal<[SlotSession]>('slotGone');
/** Whoever asks the pool for slots says what the run waits for. */
export const leaseNewsSignal = defineSignal<[LeaseNews]>('leaseNews');
export const segmentNewsSignal = defineSignal<[SegmentNews]>('segmentNews');
export const trainingStatusQuery = defineQuery<TrainingStatus>('status');

// slotPoolWorkflow
export const registerSlotSignal = defineSignal<[SlotRegistration]>('registerSlot');
/** The worker of a slot says that it is going. */
export const leaveSignal = defineSignal<[SlotSession]>('leave');
/** A run says that it could not reach a slot. */
export const slotLostSignal = defineSignal<[SlotSession]>('slotLost');
export const drainSignal = defineSignal<[DrainRequest]>('drain');
/** Carries the whole lease, so that a pool that was started anew learns of it. */
export const renewLeaseSignal = defineSignal<[SlotLease]>('renewLease');
/** The owner no longer wants what it asked for, granted or not. */
export const releaseLeaseSignal = defineSignal<[LeaseReference]>('releaseLease');
export const leaseUpdate = defineUpdate<LeaseAnswer, [LeaseRequest]>('lease');
export const slotsQuery = defineQuery<PooledSlot[]>('slots');
export const leasesQuery = defineQuery<SlotLease[]>('leases');
export const waitingQuery = defineQuery<WaitingRequest[]>('waiting');

// modelLifecycleWorkflow
export const registeredSignal = defineSignal<[{ version: number }]>('registered');
export const promoteSignal = defineSignal<[Partial<PromoteRequest>]>('promote');
export const rollbackSignal = defineSignal<[Partial<RollbackRequest>]>('rollback');
export const promoteUpdate = defineUpdate<LifecycleEvent, [Partial<PromoteRequest>]>('promote');
export const rollbackUpdate = defineUpdate<LifecycleEvent, [Partial<RollbackRequest>]>('rollback');
export const canarySignal = defineSignal<[Partial<CanaryRequest>]>('canary');
export const endCanarySignal = defineSignal<[Partial<EndCanaryRequest>]>('endCanary');
export const canaryUpdate = defineUpdate<LifecycleEvent, [Partial<CanaryRequest>]>('canary');
export const endCanaryUpdate = defineUpdate<LifecycleEvent, [Partial<EndCanaryRequest>]>('endCanary');
export const lifecycleStatusQuery = defineQuery<LifecycleStatus>('status');

// alertsWorkflow
export const observeSignal = defineSignal<[Observation]>('observe');
export const acknowledgeSignal = defineSignal<[Partial<AcknowledgeRequest>]>('acknowledge');
export const silenceSignal = defineSignal<[Partial<SilenceRequest>]>('silence');
/** They answer what came of it, in a sentence. */
export const acknowledgeUpdate = defineUpdate<string, [Partial<AcknowledgeRequest>]>('acknowledge');
export const silenceUpdate = defineUpdate<string, [Partial<SilenceRequest>]>('silence');
/** Somebody else has changed the files, or has seen to something: look again. */
export const refreshAlertsSignal = defineSignal('refresh');
export const alertStatusQuery = defineQuery<AlertStatus>('status');

// hyperparameterSearchWorkflow; `stop` ends it with the best so far
export const leaderboardQuery = defineQuery<SearchStatus>('leaderboard');

// backtestWorkflow
/** A batch of fits says that one is done. */
export const unitNewsSignal = defineSignal<[UnitNews]>('unitNews');
export const backtestProgressQuery = defineQuery<BacktestProgress>('progress');

// continuousLearningWorkflow and modelDeploymentWorkflow
/** Moves the clock of a run that stands for an explicit moment. */
export const clockSignal = defineSignal<[ClockNews]>('clock');

// abTestWorkflow
export const outcomesSignal = defineSignal<[Partial<ABOutcomes>]>('outcomes');
export const endTestSignal = defineSignal<[Partial<ABStopRequest>]>('stop');
export const extendTestSignal = defineSignal<[Partial<ABExtendRequest>]>('extend');
/** Somebody else has written outcomes into the files. */
export const lookSignal = defineSignal('look');
export const outcomesUpdate = defineUpdate<ABAccount, [Partial<ABOutcomes>]>('outcomes');
export const endTestUpdate = defineUpdate<ABRequest, [Partial<ABStopRequest>]>('stop');
export const extendTestUpdate = defineUpdate<ABRequest, [Partial<ABExtendRequest>]>('extend');
export const abTestStatusQuery = defineQuery<ABTestStatus>('status');

// continuousLearningWorkflow
export const learningStatusQuery = defineQuery<LearningStatus>('status');

// modelDeploymentWorkflow
export const approveSignal = defineSignal<[Partial<ApprovalRequest>]>('approve');
export const rejectSignal = defineSignal<[Partial<ApprovalRequest>]>('reject');
export const approveUpdate = defineUpdate<DeploymentRequest, [Partial<ApprovalRequest>]>('approve');
export const rejectUpdate = defineUpdate<DeploymentRequest, [Partial<ApprovalRequest>]>('reject');
/** A newer candidate has come: this one makes way. */
export const supersedeSignal = defineSignal<[SupersedeRequest]>('supersede');
/** Another version has become champion, by whomever. */
export const championSignal = defineSignal<[ChampionNews]>('champion');
export const deploymentStatusQuery = defineQuery<DeploymentStatus>('status');
