import type { FastifyInstance, FastifyRequest } from 'fastify';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Gate } from '../../serving/gate.ts';
import { asksWhoItIs } from '../admission.ts';
import type { RouteSpec } from '../route.ts';
import { openApiDocument } from './document.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the page of the documentation shows. */
    openApi: object | undefined;
  }
}

/** `/openapi.json`, and `/docs`, which shows it with nothing from elsewhere. To be called before routes are added. */
export function documentation(app: FastifyInstance, gate: Gate, bodyBytes: number): void {
  const specs: RouteSpec[] = [];
  app.addHook('onRoute', ({ method, config }) => {
    if (config?.spec && method !== 'HEAD') specs.push(config.spec);
  });
  const made = new Map<boolean, object>();
  const handler = async (request: FastifyRequest) => {
    const isGated = await asksWhoItIs(gate, request);
    const { version } = packageJson;
    if (!made.has(isGated)) made.set(isGated, openApiDocument(specs, { isGated, bodyBytes, version }));
    return made.get(isGated);
  };
  // Neither holds anything of this home; what is tried out on the page is asked with the reader's own key.
  app.route({ method: 'GET', url: '/openapi.json', config: { admits: 'anybody' }, handler });
  void app.register(async (pages) => {
    pages.addHook('onRoute', (route) => {
      route.config = { ...route.config, admits: 'anybody' };
    });
    pages.decorateRequest('openApi');
    // The viewer wants a document to be there from the start; what it shows is made when it is asked for.
    await pages.register(swagger, { mode: 'static', specification: { document: NONE } });
    await pages.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: CONTENT_POLICY,
      theme: { title: 'Ringwatt' },
      uiConfig: { layout: 'BaseLayout', docExpansion: 'list' },
      uiHooks: {
        async preHandler(request) {
          request.openApi = (await handler(request)) as object;
        },
      },
      transformSpecificationClone: false,
      transformSpecification: (_, request) => request.openApi as Record<string, unknown>,
    });
  });
}

const NONE = { openapi: '3.1.0', info: { title: 'See /openapi.json', version: '0' }, paths: {} } as const;

/** Scripts, styles and requests of this server alone; the viewer sets styles of elements by itself. */
const CONTENT_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};
