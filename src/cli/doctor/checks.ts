import type { Check } from './check.ts';
import { checkArchive, checkBackend, checkHome, checkServices, checkSource } from './home-checks.ts';
import {
  checkDisk,
  checkMachine,
  checkNode,
  checkPackages,
  checkPorts,
  checkTemporalCli,
  checkTools,
} from './machine-checks.ts';

/** In the order in which they are shown. */
export const CHECKS: Record<string, Check> = {
  node: checkNode,
  packages: checkPackages,
  temporal: checkTemporalCli,
  machine: checkMachine,
  disk: checkDisk,
  ports: checkPorts,
  tensors: checkBackend,
  tools: checkTools,
  source: checkSource,
  archive: checkArchive,
  home: checkHome,
  services: checkServices,
};
