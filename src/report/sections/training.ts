import { lossChart, slotChart } from '../charts/training.ts';
import { count, duration, loss, megabytes } from '../format.ts';
import { html, type Markup } from '../html.ts';
import type { ReportData } from '../report-data.ts';
import { ringFacts } from './ring.ts';

/** The loss curve, and what each slot of the ring needed. */
export function trainingSection(data: ReportData): Markup {
  const { training, history, sequences } = data;
  const { ringSize, slotMemoryMb, steps, seconds, tokensPerSecond, finalLoss } = training;
  return html`<section aria-labelledby="training">
    <h2 id="training">Training</h2>
    <p class="lede">
      ${count(steps)} steps on sequences of ${count(sequences.sequenceLength)} hours in ${duration(seconds)},
      each sequence spread over a ring of ${count(ringSize)}; ${count(tokensPerSecond)} hours a second. Loss
      at the end: ${loss(finalLoss)}.
    </p>
    <div class="pair">
      <figure>
        <figcaption>Loss by step; the strong line is a running median</figcaption>
        ${lossChart(history)}
      </figure>
      <figure>
        <figcaption>Peak memory of each slot</figcaption>
        ${slotChart(slotMemoryMb)}
        <p class="note">
          ${count(sequences.sequenceLength / ringSize)} hours a slot,
          ${duration(seconds / Math.max(steps, 1))} a step, ${megabytes(Math.max(...slotMemoryMb))} at most.
        </p>
      </figure>
    </div>
    ${ringFacts(data)}
  </section>`;
}
