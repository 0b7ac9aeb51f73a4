import type { Server } from 'node:https';
import type { Server as TlsServer } from 'node:tls';
import { auditReload } from '../../access/decisions.ts';
import { openGate } from '../../access/gate.ts';
import { openTls } from '../../access/tls.ts';
import { dashboardRoutes } from '../../dashboard/routes.ts';
import { messageOf } from '../../errors.ts';
import { httpDoor } from '../../http/server.ts';
import type { Home } from '../../lake/home.ts';
import type { Logger } from '../../stages/context.ts';
import type { LastingConnection } from '../../temporal/lasting-connection.ts';
import { Forecasts } from '../forecasts/forecasts.ts';
import type { ServingObserver } from '../observer.ts';
import type { Tracer } from '../span.ts';
import type { Figures } from '../telemetry/figures/figures.ts';
import { tellHttpRefusals, tellRestRefusals } from '../telemetry/refusals.ts';
import { traceRoutes } from '../telemetry/traces/http-spans.ts';
import { outcomeRoutes } from '../traffic/outcome-routes.ts';
import { grpcDoor } from '../grpc/door.ts';
import { restDoor } from '../rest/door.ts';
import type { Core } from './core.ts';
import type { Addresses } from './messages.ts';
import type { ServeOptions } from './options.ts';
import { reachableAt } from './reachable-at.ts';

interface DoorsParts {
  home: Home;
  options: ServeOptions;
  log: Logger;
  core: Core;
  temporal: LastingConnection;
  figures: Figures;
  tracer: Tracer | undefined;
  observer: ServingObserver;
}

export interface Doors extends AsyncDisposable {
  addresses: Addresses;
}

/** Opens the doors that have a port, all before one gate. */
export async function openDoors(parts: DoorsParts): Promise<Doors> {
  const { home, options, log, core, temporal, figures, tracer, observer } = parts;
  const { access, ports, limits, config } = options;
  const { host } = access;
  await using stack = new AsyncDisposableStack();
  const gate = await openGate(home, access, log);
  const tls = access.tls && stack.use(await openTls(access.tls, log));
  const addresses: Addresses = {};
  const closing: (() => Promise<unknown>)[] = [];
  // Where a later door cannot be opened.
  stack.defer(() => Promise.all(closing.map((close) => close())).then(() => undefined));
  if (ports.http !== undefined) {
    const forecasts = new Forecasts({ config, log });
    stack.defer(() => forecasts.close());
    const app = httpDoor({
      ...{ home, temporal, log, gate, limits, forecasts, observer, service: core.service },
      outcomes: core.traffic.outcomes,
      maxBatchSize: options.maxBatchSize,
      metricsText: options.metrics ? () => figures.metricsOfAll() : undefined,
      tls: tls?.httpsOptions(),
      more(routes) {
        if (tracer) traceRoutes(routes, 'http', tracer);
        tellHttpRefusals(routes, observer);
        outcomeRoutes(routes, { outcomes: core.traffic.outcomes });
        dashboardRoutes(routes, { home, temporal, figures, service: core.service });
      },
    });
    closing.push(() => app.close());
    addresses.http = await app.listen({ host, port: ports.http });
    if (tls) tls.follow(app.server as Server);
  }
  if (ports.rest !== undefined) {
    const app = restDoor({
      ...{ service: core.service, gate, limits, log, tracer },
      tls: tls?.httpsOptions(),
    });
    tellRestRefusals(app, observer);
    closing.push(() => app.close());
    addresses.rest = await app.listen({ host, port: ports.rest });
    if (tls) tls.follow(app.server as Server);
  }
  if (ports.grpc !== undefined) {
    const door = grpcDoor({
      ...{ service: core.service, gate, limits, log, tracer, observer },
      tls: tls?.httpsOptions(),
      // What was loaded stays loaded, also where the audit cannot be written.
      reloaded: (models, by) =>
        auditReload(home, by, models).catch((error: unknown) =>
          log.error({ error: messageOf(error) }, 'the audit does not take a reload'),
        ),
    });
    closing.push(() => door.close());
    addresses.grpc = `${reachableAt(host)}:${await door.listen(ports.grpc, host)}`;
    if (tls) tls.follow(door.server as TlsServer);
  }
  const opened = stack.move();
  return {
    addresses,
    async [Symbol.asyncDispose]() {
      // All at once: while one lets its callers finish the others take no new ones.
      await Promise.all(closing.map((close) => close()));
      await opened.disposeAsync();
    },
  };
}
