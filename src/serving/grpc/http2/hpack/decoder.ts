import { decodeHuffman } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

/** Bytes of entries that the other side may have us keep: the default of SETTINGS_HEADER_TABLE_SIZE. */
const TABLE_BYTES = 4096;
/** What an entry takes beyond its text (RFC 7541, section 4.1). */
const ENTRY_BYTES = 32;

type Field = readonly [name: string, value: string];

/** Header fields out of the blocks of one connection (HPACK, RFC 7541), each of which may build on those before it. */
export class HpackDecoder {
  /** The newest last. */
  readonly #entries: Field[] = [];
  #entriesBytes = 0;
  #mostBytes = TABLE_BYTES;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  /**
   * Every block must be decoded, or the next cannot be read; fields beyond `mostBytes` are left out.
   *
   * @returns whether none was left out
   * @throws RangeError of a block that cannot be read; nothing of this connection can then
   */
  decode(block: Buffer, mostBytes: number, take: (name: string, value: string) => void): boolean {
    this.#block = block;
    this.#at = 0;
    let bytes = 0;
    let fields = 0;
    while (this.#at < block.length) {
      const first = block[this.#at]!;
      if (first >= 0x20 && first < 0x40) {
        if (fields > 0) throw new RangeError('a table that changes its size within a block');
        this.#resize(this.#integer(5));
        continue;
      }
      const [name, value] = first >= 0x80 ? this.#indexed() : this.#literal(first);
      fields++;
      bytes += name.length + value.length + ENTRY_BYTES;
      if (bytes <= mostBytes) take(name, value);
    }
    return bytes <= mostBytes;
  }

  #indexed(): Field {
    return this.#entry(this.#integer(7));
  }

  #literal(first: number): Field {
    const isKept = first >= 0x40;
    const index = this.#integer(isKept ? 6 : 4);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    const field: Field = [name, this.#string()];
    if (isKept) this.#keep(field);
    return field;
  }

  #entry(index: number): Field {
    const found =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]
        : this.#entries[this.#entries.length - (index - STATIC_TABLE.length)];
    if (!found) throw new RangeError(`an entry ${index} that is not there`);
    return found;
  }

  #keep(field: Field): void {
    const bytes = bytesOf(field);
    this.#evict(this.#mostBytes - bytes);
    if (bytes > this.#mostBytes) return;
    this.#entries.push(field);
    this.#entriesBytes += bytes;
  }

  #resize(bytes: number): void {
    if (bytes > TABLE_BYTES) throw new RangeError(`a table of ${bytes} bytes`);
    this.#mostBytes = bytes;
    this.#evict(bytes);
  }

  #evict(mostBytes: number): void {
    while (this.#entriesBytes > mostBytes && this.#entries.length > 0) {
      this.#entriesBytes -= bytesOf(this.#entries.shift()!);
    }
  }

  /** RFC 7541, section 5.1: in the last `bits` of this octet, or in those after it too. */
  #integer(bits: number): number {
    const most = (1 << bits) - 1;
    let value = this.#octet() & most;
    if (value < most) return value;
    for (let factor = 1; ; factor *= 128) {
      const octet = this.#octet();
      value += (octet & 0x7f) * factor;
      if (value > Number.MAX_SAFE_INTEGER || factor > 2 ** 28) throw new RangeError('an integer without end');
      if (octet < 0x80) return value;
    }
  }

  #string(): string {
    const isPacked = (this.#block[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const end = this.#at + length;
    if (end > this.#block.length) throw new RangeError('a string that ends beyond its block');
    const from = this.#at;
    this.#at = end;
    return isPacked
      ? decodeHuffman(this.#block.subarray(from, end))
      : this.#block.toString('latin1', from, end);
  }

  #octet(): number {
    const octet = this.#block[this.#at++];
    if (octet === undefined) throw new RangeError('a block that ends in a field');
    return octet;
  }
}

const bytesOf = ([name, value]: Field) => name.length + value.length + ENTRY_BYTES;
