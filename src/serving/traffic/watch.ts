import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { pointerUri, recordUri } from '../../ab-test/store.ts';
import { messageOf } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import { unlessGone } from '../../lake/storage-failure.ts';
import { canaryUri, championUri } from '../../registry/layout.ts';
import { shadowUri } from '../../registry/shadow.ts';
import type { Logger } from '../../stages/context.ts';
import { trafficOf, type TrafficState } from './state.ts';

export interface WatchParts {
  home: Home;
  model: string;
  log: Pick<Logger, 'error'>;
}

/**
 * Who answers for a model, at hand without reading: each look at the files reads them only where one of them is another
 * than before. A file that is damaged leaves things as they are, and is told of once.
 */
export class TrafficWatch {
  state: TrafficState;
  private seen: string;
  private readonly parts: WatchParts;
  private trouble: string | undefined;
  private looking: Promise<void> = Promise.resolve();

  /** Throws where a file is damaged already: nobody knows who answers. */
  static async open(parts: WatchParts): Promise<TrafficWatch> {
    // Before it is read: what is written in between is seen as a change.
    const print = await printOf(parts, null);
    return new TrafficWatch(parts, print, await trafficOf(parts.home, parts.model));
  }

  private constructor(parts: WatchParts, seen: string, state: TrafficState) {
    this.parts = parts;
    this.seen = seen;
    this.state = state;
  }

  /** Looks now; resolves when the state is that of the files. */
  look(): Promise<void> {
    return (this.looking = this.looking.then(() => this.read()));
  }

  private async read(): Promise<void> {
    const { home, model, log } = this.parts;
    try {
      const print = await printOf(this.parts, this.state.test?.config.test_name ?? null);
      if (print === this.seen) return;
      const state = await trafficOf(home, model);
      this.seen = print;
      this.trouble = undefined;
      if (!isDeepStrictEqual(state, this.state)) this.state = state;
    } catch (error) {
      // Tried again with the next look, and told of once.
      const trouble = messageOf(error);
      if (trouble !== this.trouble) {
        log.error({ model, error: trouble }, 'who answers cannot be read; it stays as it was');
      }
      this.trouble = trouble;
    }
  }
}

/** Files are replaced as a whole, so that a change is another inode, and of the test that runs a change is its end. */
async function printOf({ home, model }: WatchParts, test: string | null): Promise<string> {
  const uris = [championUri(model), canaryUri(model), pointerUri(model), shadowUri(model)];
  const prints = [...uris, ...(test === null ? [] : [recordUri(test)])].map(async (uri) => {
    const path = home.path(uri);
    const found = await stat(path, { bigint: true }).catch(unlessGone(path, null));
    return found ? `${found.ino}/${found.mtimeNs}/${found.size}` : '-';
  });
  return (await Promise.all(prints)).join(' ');
}
