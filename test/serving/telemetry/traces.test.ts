import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { fastify } from 'fastify';
import { invalidArgument } from '../../../src/serving/problem.ts';
import type { Tracer } from '../../../src/serving/span.ts';
import { spanOf, traceRoutes } from '../../../src/serving/telemetry/traces/http-spans.ts';
import { openTracer } from '../../../src/serving/telemetry/traces/open-tracer.ts';
import { Collector, valueOf } from './collector.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

async function traced(
  endpoint: string,
  share: number,
  work: (tracer: Tracer) => Promise<void>,
): Promise<string[]> {
  const warnings: string[] = [];
  const log = { warn: (fields: object) => void warnings.push(JSON.stringify(fields)) };
  const asked = { traceEndpoint: endpoint, traceShare: share, traceService: 'ringwatt-test' };
  const tracer = await openTracer(asked, log);
  try {
    await work(tracer!);
  } finally {
    await tracer!.close();
  }
  return warnings;
}

/** A door with one route that answers as the core would: it waits in a queue, then its batch runs. */
function doorOf(tracer: Tracer) {
  const app = fastify();
  traceRoutes(app, 'http', tracer);
  app.post('/models/:name', async ({ raw }) => {
    const span = spanOf(raw);
    span?.child('queue').end();
    span?.child('batch', { rows: 3, requests: 1 }).end();
    return { traced: span?.traceparent ?? null };
  });
  app.get('/fails', () => {
    throw new Error('the payload 12345 was wrong');
  });
  return app;
}

describe('traces', () => {
  let collector: Collector;
  beforeEach(async () => {
    collector = await Collector.start();
  });
  afterEach(() => collector.close());

  it('tell of a request, of what its time went into, and whose trace it belongs to', async () => {
    await traced(collector.url, 0, async (tracer) => {
      const app = doorOf(tracer);
      const url = await app.listen({ port: 0, host: '127.0.0.1' });
      const answer = await fetch(`${url}/models/secret-name`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', traceparent: `00-${TRACE}-${SPAN}-01` },
        body: '{"data": [1, 2]}',
      });
      const { traced: own } = (await answer.json()) as { traced: string };
      assert.match(own, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
      await app.close();
    });
    assert.deepEqual(collector.paths, ['/v1/traces']);
    assert.deepEqual(collector.services, ['ringwatt-test']);
    const request = collector.named('POST /models/:name');
    assert.equal(request.traceId, TRACE);
    assert.equal(request.parentSpanId, SPAN);
    assert.equal(valueOf(request, 'http.response.status_code'), 200);
    assert.equal(valueOf(request, 'ringwatt.door'), 'http');
    for (const stretch of ['parse', 'queue', 'batch', 'write']) {
      const span = collector.named(stretch);
      assert.equal(span.parentSpanId, request.spanId, stretch);
      assert.equal(span.traceId, TRACE);
      assert.ok(BigInt(span.startTimeUnixNano) >= BigInt(request.startTimeUnixNano));
      assert.ok(BigInt(span.endTimeUnixNano) <= BigInt(request.endTimeUnixNano));
    }
    assert.equal(valueOf(collector.named('batch'), 'rows'), 3);
    assert.equal(collector.spans.length, 5);
    assert.ok(!JSON.stringify(collector.spans).includes('secret-name'));
  });

  it('take the decision of whoever asks, and else a share', async () => {
    await traced(collector.url, 1, async (tracer) => {
      assert.equal(tracer.request('grpc', 'unsampled', { traceparent: `00-${TRACE}-${SPAN}-00` }), undefined);
      for (const traceparent of [
        undefined,
        'nonsense',
        `ff-${TRACE}-${SPAN}-01`,
        `00-${'0'.repeat(32)}-${SPAN}-00`,
      ]) {
        tracer.request('grpc', 'own', { traceparent })!.end();
      }
    });
    assert.deepEqual(
      collector.spans.map(({ name }) => name),
      ['own', 'own', 'own', 'own'],
    );
    assert.ok(collector.spans.every(({ parentSpanId, traceId }) => !parentSpanId && traceId !== TRACE));
    await traced(collector.url, 0, async (tracer) => {
      assert.equal(tracer.request('grpc', 'none', {}), undefined);
    });
  });

  it('say how a request failed, and nothing of what nobody foresaw', async () => {
    await traced(collector.url, 1, async (tracer) => {
      tracer.request('grpc', 'refused', {})!.end(invalidArgument('The input x has 3 columns, not 4.'));
      const app = doorOf(tracer);
      const url = await app.listen({ port: 0, host: '127.0.0.1' });
      assert.equal((await fetch(`${url}/fails`)).status, 500);
      await app.close();
    });
    const refused = collector.named('refused');
    assert.equal(refused.status.message, 'The input x has 3 columns, not 4.');
    assert.equal(valueOf(refused, 'error.type'), 'INVALID_ARGUMENT');
    const failed = collector.named('GET /fails');
    assert.equal(failed.status.code, 2);
    assert.equal(valueOf(failed, 'http.response.status_code'), 500);
    assert.ok(!JSON.stringify(collector.spans).includes('12345'));
  });

  it('end for a caller that goes away', async () => {
    await traced(collector.url, 1, async (tracer) => {
      const app = fastify();
      traceRoutes(app, 'http', tracer);
      app.get('/slow', () => new Promise(() => {}));
      const url = await app.listen({ port: 0, host: '127.0.0.1' });
      const leave = new AbortController();
      const gone = new Promise<void>((resolve) => {
        app.server.once('request', (_request, response) => {
          response.once('close', () => resolve());
          leave.abort();
        });
      });
      await assert.rejects(fetch(`${url}/slow`, { signal: leave.signal }));
      await gone;
      await app.close();
    });
    assert.equal(collector.named('GET /slow').status.code, 2);
  });

  it('hurt nothing where the collector is away: spans are dropped, and it is told of once', async () => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    silent.close();
    const warnings = await traced(`http://127.0.0.1:${port}`, 1, async (tracer) => {
      for (let i = 0; i < 20_000; i++) tracer.request('rest', 'request', {})!.end();
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /ECONNREFUSED|Dropped \d+ spans|export limit/);
    assert.doesNotMatch(warnings[0]!, /node_modules/);
    assert.deepEqual(collector.spans, []);
  });

  it('keep nobody waiting at the end for a collector that never answers', async () => {
    const silent = createServer((socket) => void sockets.push(socket));
    const sockets: Socket[] = [];
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    await traced(`http://127.0.0.1:${port}`, 1, async (tracer) => {
      tracer.request('rest', 'request', {})!.end();
    });
    assert.equal(sockets.length, 1);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('cost nothing where nobody takes them: their libraries are not loaded', () => {
    const said = execFileSync(
      process.execPath,
      [
        ...['--input-type=module', '--eval'],
        `import { registerHooks } from 'node:module';
         const asked = [];
         registerHooks({ resolve(name, context, next) { asked.push(name); return next(name, context); } });
         const { openTracer } = await import('./src/serving/telemetry/traces/open-tracer.ts');
         const tracer = await openTracer({ traceShare: 1, traceService: 's' }, { warn() {} });
         console.log(JSON.stringify({ off: tracer === undefined, otel: asked.filter((name) => name.includes('opentelemetry')) }));`,
      ],
      { cwd: fileURLToPath(new URL('../../..', import.meta.url)), encoding: 'utf8' },
    );
    assert.deepEqual(JSON.parse(said), { off: true, otel: [] });
  });
});
