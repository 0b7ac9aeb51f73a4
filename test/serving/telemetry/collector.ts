import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as OTLP/JSON has it. */
export interface SentSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: number; boolValue?: boolean } }[];
  status: { code: number; message?: string };
}

interface Sent {
  resourceSpans: {
    resource: { attributes: SentSpan['attributes'] };
    scopeSpans: { spans: SentSpan[] }[];
  }[];
}

/** A collector that takes OTLP over HTTP, as JSON. */
export class Collector {
  readonly spans: SentSpan[] = [];
  readonly services: (string | undefined)[] = [];
  readonly paths: (string | undefined)[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        this.paths.push(request.url);
        for (const { resource, scopeSpans } of (JSON.parse(body) as Sent).resourceSpans) {
          this.services.push(valueOf(resource, 'service.name') as string);
          this.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
        }
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
  }

  static async start(): Promise<Collector> {
    const collector = new Collector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  named(name: string): SentSpan {
    const found = this.spans.find((span) => span.name === name);
    if (!found) throw new Error(`no span ${name} among ${this.spans.map((span) => span.name).join(', ')}`);
    return found;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function valueOf(
  { attributes }: Pick<SentSpan, 'attributes'>,
  key: string,
): string | number | boolean | undefined {
  const value = attributes.find((attribute) => attribute.key === key)?.value;
  return value?.stringValue ?? value?.intValue ?? value?.boolValue;
}
