import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fate } from './faults.ts';

/** What goes back to a client, before faults of the line are put on it. */
export interface Reply {
  status: number;
  type: string;
  body: string | Uint8Array;
  disposition?: string;
  fate?: Fate;
}

/** Sends a reply, late, short or broken off where its fate says so. */
export async function send(response: ServerResponse, reply: Reply): Promise<void> {
  const { fate } = reply;
  if (fate?.content.has('slow')) await delay(fate.slowMs);
  const whole = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  const body = fate?.failing === 'truncated' ? whole.subarray(0, whole.length >>> 1) : whole;
  response.writeHead(reply.status, {
    'Content-Type': reply.type,
    'Content-Length': body.length,
    'Cache-Control': 'max-age=0, no-cache, no-store',
    'Access-Control-Allow-Origin': '*',
    ...(reply.disposition && { 'Content-Disposition': reply.disposition }),
  });
  if (fate?.failing === 'cut-off') {
    response.write(body.subarray(0, body.length >>> 1), () => response.destroy());
    return;
  }
  response.end(body);
}
