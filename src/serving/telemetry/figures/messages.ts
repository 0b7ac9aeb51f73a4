import type { Live } from '../live/history.ts';
import type { MetricJson } from '../live/totals.ts';
import type { LiveAsked } from './figures.ts';

/** What goes between the supervisor and its processes; other messages on the same channel are left alone. */
export type FiguresMessage =
  | { kind: 'figures/collect'; id: number }
  | { kind: 'figures/collected'; id: number; metrics: MetricJson[] }
  | { kind: 'figures/text?'; id: number }
  | { kind: 'figures/live?'; id: number; asked: LiveAsked }
  | { kind: 'figures/answer'; id: number; text?: string; live?: Live; problem?: string };

export function figuresMessage(message: unknown): FiguresMessage | undefined {
  const kind = (message as { kind?: unknown } | null)?.kind;
  return typeof kind === 'string' && kind.startsWith('figures/') ? (message as FiguresMessage) : undefined;
}
