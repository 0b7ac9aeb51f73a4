// @ts-check
/** @import { State } from '../state/state-of.ts' */
/** @import { Live } from '../../serving/telemetry/live/history.ts' */
/** @import { ABTestState } from '../state/ab-tests.ts' */
/** @import { ModelState } from '../state/models.ts' */
/** @import { DriftLook } from '../state/drift.ts' */
/** @import { Running } from '../state/work.ts' */
/** @import { JobRecord } from '../../contracts/jobs.ts' */
/** @import { AlertsState } from '../state/alerts.ts' */
/** @import { MachineState } from '../state/machine.ts' */
/** @import { Piece } from './dom.js' */
import { byId, el, factList, note, put, shown, table, words } from './dom.js';
import { bytes, duration, number, percent, sharePercent, since, when, withUnit } from './format.js';

/** @param {State} state */
export function showState({ models, running, ended, tests, drift, alerts, machine }) {
  put(byId('models-body'), ...shown(models, modelsSection));
  put(
    byId('drift-body'),
    ...(drift === null
      ? [note('Choose one model above to see how it was looked at.')]
      : shown(drift, driftSection)),
  );
  put(byId('tests-body'), ...shown(tests, testsSection));
  put(byId('work-body'), ...workSection(running), ...shown(ended, endedSection));
  put(byId('alerts-body'), ...shown(alerts, alertsSection));
  const firing = byId('firing');
  firing.hidden = !alerts.ok || alerts.value.count === 0;
  if (alerts.ok)
    put(
      firing,
      el('a', { href: '#alerts' }, `${alerts.value.count} alert${alerts.value.count === 1 ? '' : 's'} open`),
    );
  put(byId('machine'), ...shown(machine, machineSection));
}

/** @param {ModelState[]} models @returns {Piece[]} */
function modelsSection(models) {
  if (models.length === 0) return [note('No model is registered yet: `run` makes one.')];
  const beside = (/** @type {{ version: number, share: number } | null} */ one) =>
    one ? `version ${one.version}, ${sharePercent(one.share)}` : '–';
  const rows = models.map(({ name, champion, canary, shadow, versions, served }) => [
    name,
    champion
      ? el('span', null, `version ${champion.version}`, el('small', null, `since ${when(champion.since)}`))
      : '–',
    beside(canary),
    beside(shadow),
    versions.join(', ') || '–',
    el('span', null, ...lines(served.length === 0 ? ['–'] : served.map(servedLine))),
  ]);
  return [table(['Model', 'Champion', 'Canary', 'Shadow', 'Registered', 'Served here'], rows, { said: [5] })];
}

/** @param {ModelState['served'][number]} status */
const servedLine = ({ version, state, labels, problem }) =>
  [`version ${version} ${state}`, ...labels, ...(problem ? [problem.message] : [])].join(', ');

/** @param {DriftLook[]} looks @returns {Piece[]} */
function driftSection(looks) {
  if (looks.length === 0)
    return [note('Nobody has looked for drift of this model yet: `drift`, or its schedule.')];
  const rows = looks
    .toReversed()
    .map(({ asOf, version, windowDays, findings, regions }) => [
      asOf,
      version,
      `${windowDays} days`,
      el('span', null, ...lines(regions.map(({ region, mape }) => `${region} ${percent(mape)}`))),
      el('span', null, ...lines(regions.map(({ baselineMape }) => percent(baselineMape)))),
      el('span', null, ...lines(findings.length === 0 ? ['nothing has drifted'] : findings)),
    ]);
  return [
    table(['As of, UTC', 'Version', 'Window', 'MAPE', 'When registered', 'What has drifted'], rows, {
      said: [5],
    }),
  ];
}

/** @param {string[]} texts @returns {Piece[]} */
const lines = (texts) => texts.flatMap((text, i) => (i === 0 ? [text] : [el('br', null), text]));

/** @param {ABTestState[]} tests @returns {Piece[]} */
function testsSection(tests) {
  if (tests.length === 0) return [note('There was no A/B test yet: `ab start` begins one.')];
  const rows = tests.map(({ name, metric, control, treatment, result, says, ended, endsAt }) => [
    el('span', null, name, el('small', null, ended ? 'has ended' : `runs until ${when(endsAt)}`)),
    metric,
    el('span', null, control, el('small', null, arm(result?.control))),
    el('span', null, treatment, el('small', null, arm(result?.treatment))),
    result?.effect
      ? el(
          'span',
          null,
          number(result.effect.estimate),
          el('small', null, `${number(result.effect.low)} to ${number(result.effect.high)}`),
        )
      : '–',
    says,
  ]);
  return [table(['Test', 'Metric', 'Control', 'Treatment', 'Improvement', 'It says'], rows, { said: [5] })];
}

/** @param {{ units: number, assigned: number, value: number | null } | undefined} result */
const arm = (result) => (result ? `${number(result.value)} of ${number(result.units)} users` : '');

/** @param {State['running']} running @returns {Piece[]} */
function workSection(running) {
  if (!running.ok) {
    return [el('p.problem', null, words(`What runs cannot be told. ${running.problem}`))];
  }
  const { jobs, more, slots, waiting, pollers, schedules } = running.value;
  return [
    ...(jobs.length === 0 ? [note('Nothing runs now.')] : [runningTable(jobs)]),
    more > 0 && note(`${more} more run.`),
    ...waiting.map(({ owner, count, free }) => note(`${owner} waits for ${count} slots; ${free} are free.`)),
    factList([
      ['Slots', `${slots.length}, ${slots.filter(({ state }) => state === 'leased').length} leased`],
      ['Workers that ask for work', number(pollers)],
      ['Schedules', `${schedules.length}, ${schedules.filter(({ paused }) => paused).length} paused`],
      ['Next', when(nextOf(schedules) ?? '–')],
    ]),
  ];
}

/** @param {Running['schedules']} schedules */
const nextOf = (schedules) =>
  schedules.flatMap(({ next, paused }) => (next && !paused ? [next] : [])).sort()[0];

/** @param {Running['jobs']} jobs */
function runningTable(jobs) {
  const rows = jobs.map(({ workflowId, stage, percent: done, startedAt, training }) => {
    const { state, progress, secondsLeft, slots } = training ?? {};
    const share = done ?? (progress ? trained(progress) : undefined);
    return [
      workflowId,
      stage ?? state ?? '–',
      share === undefined
        ? '–'
        : el(
            'span.progress',
            null,
            el('progress', { max: 100, value: share, 'aria-label': workflowId }),
            percent(share),
          ),
      progress ? stepAndLoss(progress) : '–',
      slots ? number(slots.length) : '–',
      duration(secondsLeft),
      since(startedAt),
    ];
  });
  return table(['Running', 'Stage', 'Done', 'Training', 'Slots', 'Left', 'For'], rows);
}

/** @param {{ step: number, totalSteps: number | null, loss: number | null }} progress */
const stepAndLoss = ({ step, totalSteps, loss }) =>
  `step ${number(step)}${totalSteps === null ? '' : ` of ${number(totalSteps)}`}, loss ${number(loss)}`;

/**
 * How far a training is, by steps or by the seconds of its budget: whichever ends first.
 * @param {{ step: number, totalSteps: number | null, secondsUsed: number, budgetSeconds: number | null }} progress
 */
function trained({ step, totalSteps, secondsUsed, budgetSeconds }) {
  const bySteps = totalSteps === null ? 0 : step / totalSteps;
  const byBudget = budgetSeconds === null ? 0 : secondsUsed / budgetSeconds;
  return totalSteps === null && budgetSeconds === null
    ? undefined
    : 100 * Math.min(1, Math.max(bySteps, byBudget));
}

/** @param {JobRecord[]} records @returns {Piece[]} */
function endedSection(records) {
  if (records.length === 0) return [note('No job has ended yet.')];
  const rows = records.map(({ model, job, outcome, endedAt, reason }) => [
    `${job} of ${model}`,
    el(`span.outcome.${outcome}`, null, outcome),
    when(endedAt),
    reason,
  ]);
  return [el('h3', null, 'Ended'), table(['Job', 'Outcome', 'When, UTC', 'Why'], rows, { said: [3] })];
}

/** @param {AlertsState} alerts @returns {Piece[]} */
function alertsSection({ firing, count, pending, watchedAt, recent }) {
  const rows = firing.map(({ rule, model, severity, since: from, says, acknowledgedBy, silencedUntil }) => [
    `${rule}, ${model}`,
    el(`span.severity.${severity}`, null, severity),
    when(from),
    el(
      'span',
      null,
      says,
      acknowledgedBy !== null && el('small', null, `${acknowledgedBy} has seen it`),
      silencedUntil !== null && el('small', null, 'silenced'),
    ),
  ]);
  return [
    count === 0
      ? note('Nothing fires.')
      : table(['Alert', 'Severity', 'Since, UTC', 'It says'], rows, { said: [3] }),
    note(
      `${pending === 0 ? 'No notice waits to be sent' : `${pending} notices wait to be sent`}; the watchdog ${watchedAt === null ? 'has never looked' : `looked ${since(watchedAt)} ago`}.`,
    ),
    recent.length > 0 && el('h3', null, 'Lately'),
    recent.length > 0 &&
      table(
        ['When, UTC', 'What'],
        recent.map(({ at, says }) => [when(at), says]),
        { said: [1] },
      ),
  ];
}

/** @param {Live | null} live */
export function showProcesses(live) {
  if (live === null || live.processes.length === 0)
    return put(byId('processes'), note('No process tells how it is.'));
  const rows = live.processes.map(({ name, memoryBytes, cpu, lagMs }) => [
    name,
    bytes(memoryBytes),
    cpu === null ? '–' : sharePercent(cpu),
    withUnit(lagMs, 'ms'),
  ]);
  put(byId('processes'), table(['Process', 'Memory', 'Of one core', 'Worst stall in 15 s'], rows));
}

/** @param {MachineState} machine @returns {Piece[]} */
function machineSection({ disk, memory, load, cores, services }) {
  return [
    factList([
      ['Load, last minute', `${number(load)} of ${cores} cores`],
      ['Memory free', `${bytes(memory.freeBytes)} of ${bytes(memory.totalBytes)}`],
      ['Disk free', `${bytes(disk.freeBytes)} of ${bytes(disk.totalBytes)}`],
    ]),
    services === null
      ? note('No services of this home run: Temporal and workers are others’, or are not started (`up`).')
      : table(
          ['Service', 'State', 'Restarts', 'Process'],
          services.map(({ name, state, restarts, pid }) => [name, state, number(restarts), pid ?? '–']),
        ),
  ];
}
