export { completeIngestion } from './completion.ts';
export { planIngestion } from './plan.ts';
export { ingestWindow } from './window.ts';
