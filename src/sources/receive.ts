import type { Request, Response } from 'got';

export interface Received {
  response: Response;
  body: Buffer;
  /** There was more of it than anybody reads. */
  isCut: boolean;
}

/** Counts what is already unpacked, piece by piece: a few kilobytes of gzip can hold gigabytes. */
export async function receive(stream: Request, mostBytes: number): Promise<Received> {
  const answered: { response?: Response } = {};
  stream.once('response', (response: Response) => (answered.response = response));
  const pieces: Buffer[] = [];
  let length = 0;
  // Leaving the loop destroys the stream, and the connection with it.
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.length;
    if (length > mostBytes) break;
  }
  return { response: answered.response!, body: Buffer.concat(pieces, length), isCut: length > mostBytes };
}
