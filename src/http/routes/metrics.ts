import type { FastifyInstance } from 'fastify';
import { HttpProblem } from '../problem.ts';
import { addRoute } from '../route.ts';
import type { DoorParts } from '../server.ts';

/** Of Prometheus' text format. */
const MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsRoute(app: FastifyInstance, { metricsText }: DoorParts): void {
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/metrics', role: 'viewer', tag: 'service' },
      summary: 'Counts and timings for Prometheus',
      answer: { says: 'In Prometheus’ text format', mediaType: 'text/plain' },
      refusals: [404],
    },
    async ({ reply }) => {
      if (metricsText) return reply.type(MEDIA_TYPE).send(await metricsText());
      throw new HttpProblem(
        404,
        'no-metrics',
        'This process keeps no metrics.',
        'Start it with `enable_metrics: true`, which is the default.',
      );
    },
  );
}
