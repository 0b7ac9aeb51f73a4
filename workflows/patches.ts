/**
 * What runs that began before a change go on without (Temporal's `patched`): by id, what it changed, and the month from
 * which it may be removed, because by then no run of before is open or kept. An entity continues as new within it, or
 * is ended and started again.
 */
export const PATCHES = {
  /** forecastingPipelineWorkflow fits forecasters after training. March 2027. */
  forecastersAreFitted: 'fit-forecasters',
  /** ringTrainingWorkflow waits for nothing after the first broken ring. January 2027. */
  firstBreakIsNotWaitedFor: 'no-timer-after-first-break',
  /** modelLifecycleWorkflow reads whether a version that is announced is there. June 2027. */
  registeredIsChecked: 'registered-is-checked',
  /** modelLifecycleWorkflow tells a deployment who became champion. June 2027. */
  deploymentIsTold: 'deployment-is-told-of-champions',
  /** modelDeploymentWorkflow reads who is champion once it is approved. June 2027: a canary may take ninety days. */
  championIsReadAfterApproval: 'champion-is-read-after-approval',
  /** modelDeploymentWorkflow hears approvals and rejections until it acts on them. June 2027. */
  peopleAreHeardLate: 'people-are-heard-late',
  /** continuousLearningWorkflow trains no model of fewer regions than the champion's. March 2027. */
  championsRegionsAreKept: 'champions-regions-are-kept',
  /** continuousLearningWorkflow does not deploy by itself what was taken back before. March 2027. */
  takenBackIsNotDeployed: 'taken-back-is-not-deployed-by-itself',
} as const;
