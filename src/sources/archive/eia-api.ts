import type { IncomingHttpHeaders } from 'node:http';
import { isEiaRoute } from './catalogue.ts';
import { describePath } from './eia-metadata.ts';
import { BadParameter, echo, readParameters, understand } from './eia-parameters.ts';
import { renderData, renderDescription } from './eia-reply.ts';
import type { FaultSource } from './faults.ts';
import type { Reply } from './reply.ts';
import type { Archive } from './store.ts';

const SITE = 'https://api.eia.gov:443';

export interface EiaApi {
  archive: Archive;
  faults: FaultSource;
  /** The keys that are let in; undefined: any that is not empty. */
  apiKeys: ReadonlySet<string> | undefined;
}

/** Answers a request below /v2. */
export function answerEia(api: EiaApi, url: URL, headers: IncomingHttpHeaders): Reply {
  const path = url.pathname.split('/').filter((part) => part !== '');
  const isData = path.at(-1) === 'data';
  const fate = isData ? api.faults.next() : undefined;
  try {
    const parameters = readParameters(url.searchParams, single(headers['x-params']));
    const key = single(headers['x-api-key']) ?? parameters['api_key'];
    if (key === undefined || key === '') return keyProblem('API_KEY_MISSING', 'No api_key was supplied.');
    if (fate?.failing === 'forbidden' || api.apiKeys?.has(String(key)) === false) {
      return keyProblem('API_KEY_INVALID', 'An invalid api_key was supplied.');
    }
    const keyed = { ...parameters, api_key: key };
    const command = `/${path.join('/')}${url.pathname.endsWith('/') ? '/' : ''}`;
    if (!isData || fate === undefined) {
      const description = describePath(api.archive, path.slice(1));
      return description
        ? json(200, renderDescription(description, command, echo(keyed)))
        : json(500, `{"error":"Not found.","code":404}`);
    }
    const [, sector, group, route = '', ...rest] = path;
    if (sector !== 'electricity' || group !== 'rto' || !isEiaRoute(route) || rest.length !== 1) {
      return json(500, `{"error":"Not found.","code":404}`);
    }
    return spoil({
      ...json(200, renderData(api.archive, route, command, understand(route, keyed), fate)),
      fate,
    });
  } catch (error) {
    if (error instanceof BadParameter) return json(400, JSON.stringify({ error: error.message, code: 400 }));
    throw error;
  }
}

function spoil(reply: Reply): Reply {
  switch (reply.fate?.failing) {
    case 'rate-limited':
      return json(
        429,
        problem(
          'OVER_RATE_LIMIT',
          `You have exceeded your rate limit. Try again later or contact us at ${SITE}/contact/ for assistance`,
        ),
      );
    case 'server-error':
      return json(500, `{"error":"Internal server error.","code":500}`);
    case 'html':
      return {
        ...reply,
        type: 'text/html',
        body: '<html><body><h1>EIA is being maintained</h1></body></html>',
      };
    default:
      return reply;
  }
}

const keyProblem = (code: string, message: string) =>
  json(403, problem(code, `${message} Get one at ${SITE}`));

const problem = (code: string, message: string) => JSON.stringify({ error: { code, message } }, null, 2);

const json = (status: number, body: Reply['body']): Reply => ({ status, type: 'application/json', body });

const single = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header);
