import { z } from 'zod';
import { UUID } from '../contracts/examples.ts';
import { problem } from '../contracts/service.ts';
import { REFUSALS } from './refusals.ts';
import { TAGS, type Answer, type RouteSpec } from '../route.ts';

export interface DocumentOptions {
  /** Whether callers are asked who they are. */
  isGated: boolean;
  /** Of requests that say nothing else. */
  bodyBytes: number;
  version: string;
}

type Json = Record<string, unknown>;

const PROBLEM = '#/components/schemas/Problem';

/** OpenAPI 3.1 of the routes: the schemas are those that check requests. */
export function openApiDocument(specs: readonly RouteSpec[], options: DocumentOptions): Json {
  const paths: Record<string, Json> = {};
  for (const spec of specs) {
    const url = spec.url.replaceAll(/:([A-Za-z]+)/g, '{$1}');
    (paths[url] ??= {})[spec.method.toLowerCase()] = operationOf(spec, options);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ringwatt',
      version: options.version,
      description:
        'Forecasts of power-grid demand: predictions of served models, forecasts of regions, and who answers them.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: { Problem: jsonSchemaOf(problem, 'output') },
      headers: {
        requestId: {
          description: 'Names the request in the log and the audit',
          required: true,
          schema: { type: 'string', format: 'uuid' },
        },
        retryAfter: {
          description: 'Seconds',
          required: true,
          schema: { type: 'string', pattern: '^[0-9]+$' },
        },
      },
      ...(options.isGated && { securitySchemes: SECURITY_SCHEMES }),
    },
  };
}

const SECURITY_SCHEMES = {
  key: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'A key of this server' },
  token: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Of the OIDC provider, or a key',
  },
  certificate: { type: 'mutualTLS', description: 'Where the server asks for client certificates' },
} as const;

/** 3.1 has no other way to say which role a key must have than the scopes of a scheme. */
function securityOf(role: RouteSpec['role']): Json[] {
  return role === 'anybody' ? [] : [{ key: [role] }, { token: [role] }, { certificate: [role] }];
}

/** What generators of clients make a function's name of: `postModelsNameAbTestOutcomes`. */
function operationIdOf(method: string, url: string): string {
  const words = url.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function operationOf(spec: RouteSpec, options: DocumentOptions): Json {
  const { method, url, role, tag, summary, about, body, examples } = spec;
  const needs = role === 'anybody' ? 'Admits anybody.' : `Needs the role ${role}.`;
  return {
    operationId: operationIdOf(method, url),
    ...{ tags: [tag], summary, description: [about, needs].filter(Boolean).join('\n\n') },
    ...(options.isGated && { security: securityOf(role) }),
    parameters: [...parametersOf('path', spec.path), ...parametersOf('query', spec.query)],
    ...(body && {
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: jsonSchemaOf(body, 'input'),
            ...(examples && {
              examples: Object.fromEntries(
                Object.entries(examples).map(([name, value]) => [name, { value }]),
              ),
            }),
          },
        },
      },
    }),
    responses: responsesOf(spec, options),
  };
}

function parametersOf(place: 'path' | 'query', fields: z.ZodObject | undefined): Json[] {
  return Object.entries(fields?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = jsonSchemaOf(field as z.ZodType, 'output');
    return {
      ...{ name, in: place, schema },
      ...(description !== undefined && { description }),
      required: place === 'path' || !z.safeParse(field, undefined).success,
    };
  });
}

function responsesOf(spec: RouteSpec, options: DocumentOptions): Json {
  const answers = { 200: spec.answer, ...spec.answers };
  const refused = Object.keys(spec.answers ?? {}).map(Number);
  const refusals = [...refusalsOf(spec, options)].filter((status) => !refused.includes(status));
  return Object.fromEntries([
    ...Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)]),
    ...refusals.map((status) => [String(status), refusalOf(status, spec, options)]),
  ]);
}

function refusalsOf({ method, role, refusals = [] }: RouteSpec, { isGated }: DocumentOptions): Set<number> {
  const ofBodies = method === 'POST' ? [413, 415, 422] : [];
  const ofRoles = isGated && role !== 'anybody' ? [401, 403, 429] : [];
  const ofForeign = isGated || role === 'anybody' ? [] : [403];
  const ofServices = method === 'POST' ? [503] : [];
  const all = [400, ...ofBodies, ...ofRoles, ...ofForeign, ...ofServices, ...refusals, 500];
  return new Set(all.toSorted((a, b) => a - b));
}

function refusalOf(status: number, { bodyBytes }: RouteSpec, options: DocumentOptions): Json {
  const limit = status === 413 ? `: more than ${bodyBytes ?? options.bodyBytes} bytes` : '';
  const isLater = status === 429 || status === 503;
  const { says, example } = REFUSALS[status]!;
  return {
    description: `${says}${limit}`,
    headers: {
      'x-request-id': { $ref: '#/components/headers/requestId' },
      ...(isLater && { 'retry-after': { $ref: '#/components/headers/retryAfter' } }),
    },
    content: {
      'application/json': { schema: { $ref: PROBLEM }, example: { error: { ...example, requestId: UUID } } },
    },
  };
}

function responseOf({ says, schema, example, mediaType = 'application/json' }: Answer): Json {
  return {
    description: says,
    headers: { 'x-request-id': { $ref: '#/components/headers/requestId' } },
    content: {
      [mediaType]: {
        schema: schema ? jsonSchemaOf(schema, 'output') : { type: 'string' },
        ...(example !== undefined && { example }),
      },
    },
  };
}

/** Draft 2020-12, as OpenAPI 3.1 has it; the dialect is said once, by the version of the document. */
function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, reused: 'inline' });
  return json;
}
