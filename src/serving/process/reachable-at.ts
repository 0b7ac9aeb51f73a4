/** Of an address that means all of this machine's, one that a client can ask: as Fastify tells of the other doors. */
export function reachableAt(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
