// The rules of the house: which folder may know which.
module.exports = {
  forbidden: [
    {
      name: 'workflows-stay-deterministic',
      comment:
        'Workflow code may bring in values only from each other, from names and messages, and from the contracts.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        pathNot: [
          '^workflows/',
          '^src/contracts/',
          '^src/temporal/(names|messages|search-attributes|failures|input)\\.ts$',
          '^src/errors\\.ts$',
          '(^|/)node_modules/@temporalio/(workflow|common)/',
          '(^|/)node_modules/zod/',
        ],
      },
    },
    {
      name: 'temporal-in-one-folder',
      comment: 'The domain knows no Temporal: src/ imports @temporalio only inside src/temporal.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/temporal/' },
      to: { path: '@temporalio/' },
    },
    {
      name: 'contracts-are-leaves',
      comment: 'Contracts run inside workflows: zod and each other, nothing else.',
      severity: 'error',
      from: { path: '^src/contracts/' },
      to: { pathNot: ['^src/contracts/', '(^|/)node_modules/zod/'] },
    },
    {
      name: 'domain-knows-no-process',
      comment: 'src/ does not reach up to what is built on it; the command line starts workers by path.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(activities|workers|workflows|test|bench|simulation)/' },
    },
    {
      name: 'schedules-on-top',
      comment: 'Schedules are applied from the command line; nothing else knows them.',
      severity: 'error',
      from: { path: '^(src|workflows|activities|workers)/', pathNot: '^src/cli/' },
      to: { path: '^schedules/' },
    },
    {
      name: 'activities-know-no-worker',
      comment: 'A worker hands its activities what they need.',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: '^(workers|workflows|test|bench|simulation)/' },
    },
    {
      name: 'command-line-on-top',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'blocks-know-no-ring',
      comment: 'An engine computes a block of attention; who sends blocks around is no concern of it.',
      severity: 'error',
      from: { path: '^src/attention/' },
      to: { path: '^src/(ring|backend|model|training)/' },
    },
    {
      name: 'libraries-know-no-network',
      comment: 'The compiled kernels and TensorFlow.js are there to be used, by blocks, backend and model.',
      severity: 'error',
      from: { path: '^src/(native|tensorflow)/' },
      to: { path: '^src/(attention|ring|backend|model|training)/' },
    },
    {
      name: 'the-ring-starts-no-engine',
      comment: 'A ring is given what computes: rules for links and for engines stay apart.',
      severity: 'error',
      from: { path: '^src/ring/' },
      to: { path: '^src/(backend|tensorflow|model|training)/' },
    },
    {
      name: 'networks-know-no-training',
      comment: 'A trained model predicts where nobody trains.',
      severity: 'error',
      from: { path: '^src/model/' },
      to: { path: '^src/training/' },
    },
    {
      name: 'doors-know-no-engine',
      comment:
        'A door turns a wire into calls of a `PredictionService`: what answers them is put there by process/.',
      severity: 'error',
      from: { path: '^src/(http|serving/(doors|rest|grpc))/' },
      to: { path: '^src/serving/(batching|cache|engine|models|process|sharded)/' },
    },
    {
      name: 'what-answers-knows-no-door',
      comment: 'Models, queues, caches and engines answer the same whoever asks, by whatever wire.',
      severity: 'error',
      from: { path: '^src/serving/(batching|cache|engine|models|sharded)/' },
      to: { path: '^src/(access|dashboard|http|serving/(doors|forecasts|grpc|process|rest|telemetry))/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-missing-modules', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^(src|workflows|activities|workers|schedules)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-packages',
      comment: 'What ships runs where only `dependencies` are installed.',
      severity: 'error',
      from: { path: '^(src|workflows|activities|workers|schedules)/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.cache|coverage|dist|\\.ringwatt)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
