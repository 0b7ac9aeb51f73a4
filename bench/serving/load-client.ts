import { performance } from 'node:perf_hooks';
import { GrpcClient, grpcMessage } from './grpc-client.ts';
import { HttpClient, httpRequest, type Answer } from './http-client.ts';
import { percentile, type LoadPlan, type LoadResult } from './load-plan.ts';

/** The process that makes the load: a closed loop of so many connections, each with one request under way. */
process.on('message', (plan: LoadPlan) => {
  void drive(plan).then(
    (result) => process.send!(result),
    (error: unknown) => process.send!({ error: String(error) }),
  );
});

async function drive(plan: LoadPlan): Promise<LoadResult> {
  const { warmUpSeconds, seconds, connections } = plan;
  const bodies = plan.bodies.map((body) =>
    plan.wire === 'http' ? httpRequest(plan.path, body) : grpcMessage(body),
  );
  const clients = await Promise.all(Array.from({ length: connections }, () => open(plan)));
  let next = 0;
  const result = { requests: 0, failures: 0, failure: undefined as string | undefined };
  const times: number[] = [];
  const from = performance.now() + warmUpSeconds * 1000;
  const until = from + seconds * 1000;
  let cpu = process.cpuUsage();
  setTimeout(() => (cpu = process.cpuUsage()), warmUpSeconds * 1000);
  const loop = async (client: HttpClient | GrpcClient): Promise<void> => {
    while (!client.broken) {
      const started = performance.now();
      if (started >= until) return;
      const body = bodies[next++ % bodies.length]!;
      const failed = await client.send(body).then(failureOf, String);
      const ended = performance.now();
      if (failed !== undefined) {
        result.failures += 1;
        result.failure ??= failed;
        continue;
      }
      if (ended >= from && ended <= until) result.requests += 1;
      // However late it ends: slow answers would otherwise be those left out.
      if (started >= from) times.push(ended - started);
    }
  };
  await Promise.all(clients.map(loop));
  const { user, system } = process.cpuUsage(cpu);
  for (const client of clients) client.close();
  const sorted = Float64Array.from(times).toSorted();
  return {
    ...result,
    seconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    clientMicros: (user + system) / Math.max(1, result.requests),
  };
}

const open = ({ wire, port, path }: LoadPlan): Promise<HttpClient | GrpcClient> =>
  wire === 'http' ? HttpClient.open(port) : GrpcClient.open(port, path);

const failureOf = ({ status, body }: Answer): string | undefined =>
  status === 200 ? undefined : `${status} ${body.toString('utf8', 0, 300)}`;
