import type { Command } from 'commander';
import { defineAb } from './verbs/ab.ts';
import { defineAlerts } from './verbs/alerts.ts';
import { defineApiKey } from './verbs/api-key.ts';
import { defineApprove, defineReject } from './verbs/approve.ts';
import { defineArchiveServer } from './verbs/archive-server.ts';
import { defineAudit } from './verbs/audit.ts';
import { defineBacktest } from './verbs/backtest.ts';
import { defineBackup, defineRestore } from './verbs/backup.ts';
import { defineCerts } from './verbs/certs.ts';
import { defineCompress } from './verbs/compress.ts';
import { defineDemo } from './verbs/demo.ts';
import { defineDoctor } from './verbs/doctor.ts';
import { defineDown } from './verbs/down.ts';
import { defineDrift } from './verbs/drift.ts';
import { defineExplain } from './verbs/explain.ts';
import { defineExport } from './verbs/export.ts';
import { defineFeatures } from './verbs/features.ts';
import { defineFit } from './verbs/fit.ts';
import { defineForecast } from './verbs/forecast.ts';
import { defineGc } from './verbs/gc.ts';
import { defineIngest } from './verbs/ingest.ts';
import { defineJobs } from './verbs/jobs.ts';
import { defineLogs } from './verbs/logs.ts';
import { defineModels } from './verbs/models.ts';
import { defineCanary, definePromote, defineRollback } from './verbs/promote.ts';
import { defineRun } from './verbs/run.ts';
import { defineSavedModel } from './verbs/saved-model.ts';
import { defineSchedules } from './verbs/schedules.ts';
import { defineSearch } from './verbs/search.ts';
import { defineServe } from './verbs/serve.ts';
import { defineSequences } from './verbs/sequences.ts';
import { defineSetup } from './verbs/setup.ts';
import { defineShadow } from './verbs/shadow.ts';
import { defineStart } from './verbs/start.ts';
import { defineStatus } from './verbs/status.ts';
import { defineTrain } from './verbs/train.ts';
import { defineUp } from './verbs/up.ts';
import { defineValidate } from './verbs/validate.ts';
import { defineWatchdog } from './verbs/watchdog.ts';

/** Every verb, in the order in which help shows them. */
const VERBS = [
  defineStart,
  defineRun,
  defineUp,
  defineDown,
  defineStatus,
  defineDoctor,
  defineIngest,
  defineValidate,
  defineFeatures,
  defineSequences,
  defineTrain,
  defineFit,
  defineSearch,
  defineBacktest,
  defineForecast,
  defineExplain,
  defineDrift,
  defineModels,
  defineCompress,
  defineExport,
  defineSavedModel,
  definePromote,
  defineRollback,
  defineCanary,
  defineApprove,
  defineReject,
  defineAb,
  defineShadow,
  defineAudit,
  defineServe,
  defineApiKey,
  defineSchedules,
  defineJobs,
  defineAlerts,
  defineWatchdog,
  defineArchiveServer,
  defineLogs,
  defineGc,
  defineBackup,
  defineRestore,
  defineCerts,
  defineDemo,
  defineSetup,
];

export function defineVerbs(program: Command): void {
  for (const define of VERBS) define(program);
}
