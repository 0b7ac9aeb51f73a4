import { LRUCache } from 'lru-cache';

const MOST_KEYS = 100;

/**
 * What is asked for by every open page is made once: whoever asks within so long, or while it is being made, gets the
 * same. What fails is not kept.
 */
export function keptFor<Value extends object>(
  ms: number,
  make: (key: string) => Promise<Value>,
): (key: string) => Promise<Value> {
  const kept = new LRUCache<string, Promise<Value>>({ max: MOST_KEYS, ttl: ms });
  return (key) => {
    const found = kept.get(key);
    if (found) return found;
    const made = make(key);
    kept.set(key, made);
    // Counted from when it is there, not from when it was begun.
    made.then(
      () => kept.peek(key) === made && kept.set(key, made),
      () => kept.peek(key) === made && kept.delete(key),
    );
    return made;
  };
}
