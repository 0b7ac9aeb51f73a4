import { isIP } from 'node:net';
import { BadInputError } from '../errors.ts';

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/i;
const NOWHERE = new Set(['0.0.0.0', '::']);

/** Hosts as their slots are reached: names and addresses, each once. They name folders too, so nothing else passes. */
export function checkHosts(hosts: readonly string[]): string[] {
  for (const host of hosts) {
    if (NOWHERE.has(host)) {
      throw new BadInputError(
        `${host} is no address that another host could call.`,
        'Name each host as RINGWATT_SLOT_HOST does there.',
      );
    }
    if (!isIP(host) && (host.length > 253 || !host.split('.').every((label) => LABEL.test(label)))) {
      throw new BadInputError(
        `"${host}" is neither a host's name nor an IP address.`,
        'Give names and addresses with commas between them: --hosts alpha,beta.example,10.0.0.2',
      );
    }
  }
  if (hosts.length === 0) throw new BadInputError('No host is named.', 'Say which: --hosts alpha,10.0.0.2');
  return [...new Set(hosts)];
}
