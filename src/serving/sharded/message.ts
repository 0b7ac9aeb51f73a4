import type { Frame } from '../../ring/frames.ts';
import type { Link } from '../../ring/transport.ts';

/** What is said over a link: a head of JSON, and numbers behind it. */
export interface Message<Head> {
  head: Head;
  floats: Float32Array<ArrayBuffer>;
}

const LENGTH_BYTES = 4;

/** A link whose frames are such messages. */
export class MessageLink<Said, Heard> {
  readonly link: Link;

  constructor(link: Link) {
    this.link = link;
  }

  /** Resolves when all of it has left this process; until then the numbers must stay as they are. */
  say(head: Said, ...floats: readonly Float32Array[]): Promise<void> {
    return this.link.send('message', 0, headOf(head), ...floats);
  }

  /** Numbers lie in the memory that they came in, which is nobody else's. */
  async hear(): Promise<Message<Heard>> {
    return read<Heard>(await this.link.receive('message'));
  }
}

/** Padded with spaces, so that the numbers behind it are aligned. */
function headOf(head: unknown): Uint8Array {
  const json = Buffer.from(JSON.stringify(head));
  const bytes = Buffer.alloc(LENGTH_BYTES + Math.ceil(json.length / 4) * 4, ' ');
  bytes.writeUInt32LE(bytes.length - LENGTH_BYTES);
  json.copy(bytes, LENGTH_BYTES);
  return bytes;
}

function read<Head>({ payload }: Frame): Message<Head> {
  const { buffer, byteLength } = payload;
  const end = LENGTH_BYTES + new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(Buffer.from(buffer, LENGTH_BYTES, end - LENGTH_BYTES).toString()) as Head;
  return { head, floats: new Float32Array(buffer, end, (byteLength - end) / 4) };
}
