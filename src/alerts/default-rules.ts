import { alertRules, rulesOf } from './rule.ts';

/** What holds where the home's own rules say nothing of the same name. The first two are the source documents'. */
const DEFAULT_RULES = {
  alert_rules: {
    high_drift: {
      condition: 'psi_score > 0.25',
      severity: 'warning',
      notification: ['email', 'slack'],
    },
    performance_drop: {
      condition: 'accuracy < baseline_accuracy - 0.05',
      severity: 'critical',
      notification: ['email', 'slack', 'pager'],
    },
    // What the source's two do not see: an error that grew by a quarter, or is shifted at the same inputs.
    model_drift: {
      condition: 'performance_drift > 0 or concept_drift > 0',
      severity: 'warning',
      notification: ['email', 'slack'],
    },
    // What should have run and did not: the watchdog says by how much, and how late each job may be.
    work_absent: {
      condition: 'late_hours > grace_hours',
      severity: 'warning',
      notification: ['email', 'slack'],
      per: ['job'],
      // Nobody has looked for a day: by then a night's forecast is missing or a second one is near.
      escalate_after_minutes: 1440,
      escalate_to: ['pager'],
    },
    // An hourly ingestion that fails once has the next hour; of the others one failure is a day or a week.
    job_failed: {
      condition: "failures >= 3 or failures >= 1 and job != 'ingestion'",
      severity: 'warning',
      notification: ['email', 'slack'],
      per: ['job'],
    },
    rolled_back: {
      condition: "outcome == 'rolled-back'",
      severity: 'critical',
      notification: ['email', 'slack', 'pager'],
      per: ['job'],
    },
    // An A/B test in which users are missing: what it says cannot be trusted.
    sample_ratio_broken: {
      condition: 'sample_ratio_broken',
      severity: 'warning',
      notification: ['email', 'slack'],
      per: ['test'],
    },
    // The home's own rules or channels cannot be read, and these here stand in for them; or its audit takes no events.
    alerts_unreadable: {
      condition: 'unreadable',
      severity: 'critical',
      notification: ['email', 'slack', 'pager'],
      per: ['file'],
    },
  },
};

export const defaultRules = () => rulesOf(alertRules.parse(DEFAULT_RULES));
