// Mocha's own spec output, and the count in a file: the runner prints it last, after the coverage.
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class TallyReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = runner.stats;
      if (process.env.RINGWATT_TALLY) {
        writeFileSync(process.env.RINGWATT_TALLY, JSON.stringify({ passed: passes, failed: failures }));
      }
    });
  }
};
