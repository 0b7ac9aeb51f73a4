/** What stands for a name that is not known: callers can make up as many as they like. */
export const OTHER = 'other';
const MOST_NAMES = 500;

/** Names that a model has, as the server itself has said them: no caller can make the number of series grow. */
export class SeenNames {
  readonly #seen = new Set<string>();

  add(model: string, name: string | undefined): void {
    if (name !== undefined && this.#seen.size < MOST_NAMES) this.#seen.add(`${model} ${name}`);
  }

  remove(model: string, name: string): void {
    this.#seen.delete(`${model} ${name}`);
  }

  /** Absent stays empty, as Prometheus takes a label that is not there. */
  label(model: string, name: string | undefined): string {
    if (name === undefined) return '';
    return this.#seen.has(`${model} ${name}`) ? name : OTHER;
  }
}
