// Records the histories anew: `mocha test/replay/record.ts`, or those of one area by its file. Only after a change that
// breaks the old ones on purpose; runs that are under way when such a change is deployed cannot go on.
const AREAS = ['pipelines', 'models', 'training', 'search', 'schedules', 'ab-tests', 'alerts'];

for (const area of AREAS) await import(`./recordings/${area}.ts`);
