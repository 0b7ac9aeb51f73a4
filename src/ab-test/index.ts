/** A/B tests of any two models, as a library. */
export { ABTest } from './ab-test.ts';
export { routeRequest } from './route.ts';
export { planOf, type Plan, type SampleSize } from './plan.ts';
export type { Point } from './evaluation.ts';
