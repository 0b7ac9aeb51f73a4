import type { Socket } from 'node:net';

/** What Node's parser of HTTP says by its codes; all else is 400. */
const KNOWN: Record<string, [status: string, message: string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'The chunks are too large.'],
};
const BAD: [status: string, message: string] = ['400 Bad Request', 'This is no HTTP that can be read.'];
/** How long whoever cannot speak HTTP may take to read what it is told. */
const READING_MS = 1000;

/**
 * For Fastify's `clientErrorHandler`: answers what is no HTTP in the door's own shape, and says that the connection ends,
 * so that a client does not send its next request over it.
 */
export function answerClientError(bodyOf: (message: string) => object) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, message] = KNOWN[error.code ?? ''] ?? BAD;
    const body = JSON.stringify(bodyOf(message));
    const head = [
      `HTTP/1.1 ${status}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    setTimeout(() => socket.destroy(), READING_MS).unref();
  };
}
