import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Caller, Role } from '../serving/service.ts';
import { bodyOf, queryOf, pathOf } from './input.ts';

/** Whom a route admits; `anybody` is for what probes ask, who have no key. */
export type Admitted = Role | 'anybody';

export const TAGS = {
  predictions: 'What served models answer',
  forecasts: 'The demand of a region, from what the home knows',
  models: 'What is registered and served, and who answers',
  work: 'Jobs, schedules and alerts',
  service: 'This process',
} as const;
export type Tag = keyof typeof TAGS;

type Fields = z.ZodObject | undefined;
type Read<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** All that is known of a route: what checks requests and what documents them are the same schemas. */
export interface RouteSpec<
  Path extends Fields = Fields,
  Query extends Fields = Fields,
  Body extends z.ZodObject | undefined = z.ZodObject | undefined,
> {
  method: 'GET' | 'POST';
  /** As Fastify writes it: `/models/:name`. */
  url: string;
  role: Admitted;
  tag: Tag;
  summary: string;
  about?: string;
  path?: Path;
  query?: Query;
  body?: Body;
  /** By name; the first is shown. */
  examples?: Record<string, object>;
  answer: Answer;
  /** Other statuses than 200 that are no refusals. */
  answers?: Readonly<Record<number, Answer>>;
  /** Statuses of refusals besides those that any route may give. */
  refusals?: readonly number[];
  bodyBytes?: number;
  /** The route reads its body by itself, as `body` says. */
  reads?: 'bytes';
}

export interface Answer {
  says: string;
  /** Absent: text. */
  schema?: z.ZodType;
  example?: unknown;
  mediaType?: string;
}

export interface Asked<Path, Query, Body> {
  path: Read<Path>;
  query: Read<Query>;
  body: Read<Body>;
  /** Of a route that reads its body by itself. */
  bytes: Buffer;
  caller: Caller;
  /** Aborted when the caller is gone. */
  signal: AbortSignal;
  request: FastifyRequest;
  reply: FastifyReply;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent: a viewer, of routes that say nothing. */
    admits?: Admitted;
    /** What the documentation is made of. */
    spec?: RouteSpec;
  }
}

export function addRoute<Path extends Fields, Query extends Fields, Body extends z.ZodObject | undefined>(
  app: FastifyInstance,
  spec: RouteSpec<Path, Query, Body>,
  work: (asked: Asked<Path, Query, Body>) => unknown,
): void {
  app.route({
    ...{ method: spec.method, url: spec.url },
    ...(spec.bodyBytes !== undefined && { bodyLimit: spec.bodyBytes }),
    config: { admits: spec.role, spec: spec as unknown as RouteSpec },
    handler: async (request, reply) =>
      work({
        path: (spec.path && pathOf(spec.path, request.params)) as Read<Path>,
        query: queryOf(spec.query, request.query) as Read<Query>,
        body: (spec.body && !spec.reads && bodyOf(spec.body, request.body)) as Read<Body>,
        bytes: (spec.reads ? request.body : NO_BYTES) as Buffer,
        ...{ caller: request.caller, signal: signalOf(reply), request, reply },
      }),
  });
}

const NO_BYTES = Buffer.alloc(0);

/** Aborts when the connection closes before the answer is out. */
function signalOf({ raw }: FastifyReply): AbortSignal {
  const leaving = new AbortController();
  raw.once('close', () => {
    if (!raw.writableEnded) leaving.abort(new Error('The caller has left.'));
  });
  return leaving.signal;
}
