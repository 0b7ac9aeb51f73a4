/** Of one user: sums over the outcomes of what the metric divides and what it divides by. */
export interface UnitSums {
  a: number;
  b: number;
}

/**
 * One variant's sums over users. Every metric is a ratio of two sums, Σa/Σb: a mean has b = 1, F1 has a = 2·tp and
 * b = 2·tp + fp + fn. Users are dealt, so users are what varies independently: a user's outcomes are added up first
 * (Deng, Knoblich and Lu, "Applying the delta method in metric analytics", 2018).
 */
export class Tally {
  units = 0;
  outcomes = 0;
  private a = 0;
  private b = 0;
  private aa = 0;
  private ab = 0;
  private bb = 0;

  /** An outcome of a user with these sums so far; null: the first one. Changes the sums. */
  add(unit: UnitSums | null, a: number, b: number): UnitSums {
    const sums = unit ?? { a: 0, b: 0 };
    if (unit) this.count(sums, -1);
    else this.units++;
    sums.a += a;
    sums.b += b;
    this.count(sums, 1);
    this.outcomes++;
    return sums;
  }

  /** A user with one outcome. */
  addUnit(a: number, b: number): void {
    this.units++;
    this.outcomes++;
    this.a += a;
    this.b += b;
    this.aa += a * a;
    this.ab += a * b;
    this.bb += b * b;
  }

  /** Null where there is nothing to divide by. */
  get ratio(): number | null {
    return this.b > 0 ? this.a / this.b : null;
  }

  /** Of one user, by linearisation: the variance of (a − R·b)/mean(b). */
  unitVariance(ratio: number): number {
    const squares = this.aa - 2 * ratio * this.ab + ratio * ratio * this.bb;
    const mean = this.b / this.units;
    return Math.max(0, squares) / ((this.units - 1) * mean * mean);
  }

  private count({ a, b }: UnitSums, sign: number): void {
    this.a += sign * a;
    this.b += sign * b;
    this.aa += sign * a * a;
    this.ab += sign * a * b;
    this.bb += sign * b * b;
  }
}
