import { checkAlerting } from './alert-check.ts';
import { checkCertificates } from './certificate-check.ts';
import type { Check } from './check.ts';
import { checkArchive, checkBackend, checkHome, checkServices, checkSource } from './home-checks.ts';
import { checkKernel } from './kernel-check.ts';
import { checkKey } from './key-check.ts';
import {
  checkDisk,
  checkGo,
  checkMachine,
  checkNode,
  checkPackages,
  checkPorts,
  checkTemporalCli,
} from './machine-checks.ts';

/** In the order in which they are shown. */
export const CHECKS: Record<string, Check> = {
  node: checkNode,
  packages: checkPackages,
  temporal: checkTemporalCli,
  machine: checkMachine,
  disk: checkDisk,
  ports: checkPorts,
  kernels: checkKernel,
  tensors: checkBackend,
  go: checkGo,
  source: checkSource,
  archive: checkArchive,
  home: checkHome,
  services: checkServices,
  certificates: checkCertificates,
  key: checkKey,
  alerts: checkAlerting,
};
