import type { FastifyInstance, FastifyReply } from 'fastify';
import { modelName } from '../contracts/stages.ts';
import { BadInputError, quoted } from '../errors.ts';
import { assets, type Asset } from './assets.ts';
import { keptFor } from './kept-for.ts';
import { dashboardPage } from './page.ts';
import type { DashboardParts } from './parts.ts';
import { HomeReader } from './reader/home-reader.ts';
import { stateOf } from './state/state-of.ts';

/** A page that is open asks twice as often for what changes by the second. */
const STATE_KEPT_MS = 5000;
const QUALITY_KEPT_MS = 60_000;

const CONTENT_SECURITY_POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", 'img-src data:'],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

interface ByModel {
  Querystring: { model?: string; after?: string };
}

/**
 * `/dashboard` and what it asks for. The page and its scripts say nothing of anybody and are given to whoever asks; its
 * data is a viewer's.
 */
export function dashboardRoutes(app: FastifyInstance, parts: DashboardParts): void {
  const open = { config: { admits: 'anybody' as const } };
  const viewer = { config: { admits: 'viewer' as const } };
  const reader = new HomeReader(parts.home);
  app.addHook('onClose', () => reader.close());
  const state = keptFor(STATE_KEPT_MS, stateOf(parts, reader));
  const quality = keptFor(QUALITY_KEPT_MS, (model) => reader.read('quality', model));

  app.get('/dashboard', open, (_request, reply) => send(reply, dashboardPage()));
  for (const [name, asset] of assets()) {
    app.get(`/dashboard/${name}`, open, (_request, reply) => send(reply, asset));
  }

  app.get<ByModel>('/dashboard/live', viewer, async ({ query: { model, after } }) => {
    if (!parts.figures) return { live: null };
    const from = after === undefined ? undefined : Number(after);
    if (from !== undefined && !Number.isFinite(from)) {
      throw new BadInputError(`after=${quoted(after!)} is no moment.`, 'Give milliseconds since 1970.');
    }
    return { live: await parts.figures.live({ model: named(model), after: from }) };
  });
  app.get<ByModel>('/dashboard/state', viewer, async ({ query: { model } }) => state(named(model) ?? ''));
  app.get<ByModel>('/dashboard/quality', viewer, async ({ query: { model } }) => {
    const name = named(model);
    if (name !== undefined) return quality(name);
    throw new BadInputError('Quality is of one model.', 'Add ?model=NAME.');
  });
}

/** Absent, or empty as a form sends it: of all models. */
function named(model: string | undefined): string | undefined {
  if (model === undefined || model === '') return undefined;
  if (typeof model === 'string' && modelName.safeParse(model).success) return model;
  throw new BadInputError(`${quoted(String(model))} is not a model's name.`, 'GET /models lists them.');
}

const send = (reply: FastifyReply, { type, body }: Asset) =>
  reply
    .header('content-security-policy', CONTENT_SECURITY_POLICY)
    .header('referrer-policy', 'no-referrer')
    .type(type)
    .send(body);
