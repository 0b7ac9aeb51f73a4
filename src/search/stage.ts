export { planSearch } from './plan-stage.ts';
export { scoreTrial } from './score-stage.ts';
export { finishSearch } from './finish-stage.ts';
