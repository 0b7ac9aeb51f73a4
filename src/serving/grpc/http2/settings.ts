import { ConnectionError, ERROR, FRAME_BYTES, MOST_WINDOW } from './frames.ts';

/** RFC 9113, section 6.5.2. */
const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;
const ENTRY_BYTES = 6;
const MOST_FRAME_BYTES = 2 ** 24 - 1;

/** What the peer asks of us. */
export interface PeerSettings {
  initialWindowSize?: number;
  maxFrameSize?: number;
  headerTableSize?: number;
}

/** @throws ConnectionError */
export function readSettings(payload: Buffer): PeerSettings {
  if (payload.length % ENTRY_BYTES !== 0) throw new ConnectionError(ERROR.frameSize, 'half a setting');
  const settings: PeerSettings = {};
  for (let at = 0; at < payload.length; at += ENTRY_BYTES) {
    const value = payload.readUInt32BE(at + 2);
    switch (payload.readUInt16BE(at)) {
      case SETTING.headerTableSize:
        settings.headerTableSize = value;
        break;
      case SETTING.enablePush:
        if (value > 1) throw new ConnectionError(ERROR.protocol, 'ENABLE_PUSH is 0 or 1');
        break;
      case SETTING.initialWindowSize:
        if (value > MOST_WINDOW) throw new ConnectionError(ERROR.flowControl, 'a window that is too large');
        settings.initialWindowSize = value;
        break;
      case SETTING.maxFrameSize:
        if (value < FRAME_BYTES || value > MOST_FRAME_BYTES) {
          throw new ConnectionError(ERROR.protocol, 'a size of frames that is none');
        }
        settings.maxFrameSize = value;
        break;
    }
  }
  return settings;
}

export interface OwnSettings {
  initialWindowSize: number;
  maxConcurrentStreams: number;
  maxHeaderListSize: number;
}

/** The payload of SETTINGS. */
export function writeSettings({
  initialWindowSize,
  maxConcurrentStreams,
  maxHeaderListSize,
}: OwnSettings): Buffer {
  const entries = [
    [SETTING.maxConcurrentStreams, maxConcurrentStreams],
    [SETTING.initialWindowSize, initialWindowSize],
    [SETTING.maxHeaderListSize, maxHeaderListSize],
  ] as const;
  const payload = Buffer.allocUnsafe(entries.length * ENTRY_BYTES);
  for (const [i, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, i * ENTRY_BYTES);
    payload.writeUInt32BE(value, i * ENTRY_BYTES + 2);
  }
  return payload;
}
