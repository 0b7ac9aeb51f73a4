const PART_OF_A_PAGE = /^\/(docs|dashboard)\//;

/** Which methods a path is answered by, so that a wrong method is told from a wrong path. */
export class PathTable {
  readonly #routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  add(method: string, url: string): void {
    const found = this.#routes.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    this.#routes.set(url, found);
    found.methods.add(method);
  }

  methodsOf(path: string): string[] {
    const found = [...this.#routes.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].toSorted();
  }

  /**
   * `GET /models/{name}`, in the order in which they were added; HEAD goes with GET and is not named, and neither is what
   * a page asks for by itself.
   */
  list(): string[] {
    return [...this.#routes]
      .filter(([url]) => !PART_OF_A_PAGE.test(url))
      .flatMap(([url, { methods }]) =>
        [...methods]
          .filter((method) => method !== 'HEAD')
          .map((method) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`),
      );
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join('/')}$`);
}
