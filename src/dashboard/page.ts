import { html } from '../report/html.ts';
import type { Asset } from './assets.ts';

/** Where its scripts put what they hear. */
const SECTIONS = [
  { id: 'serving', title: 'Serving', lede: 'Every two seconds, of all processes that serve.' },
  { id: 'models', title: 'Models', lede: 'Who answers, and who is tried beside it.' },
  { id: 'quality', title: 'Forecast quality', lede: 'What was said beside what came.' },
  { id: 'drift', title: 'Drift', lede: 'Looks at the model, the newest first.' },
  { id: 'tests', title: 'A/B tests', lede: 'Who is compared with whom, and how it stands.' },
  { id: 'work', title: 'Training and jobs', lede: 'What runs, and how what ran before has ended.' },
  { id: 'alerts', title: 'Alerts', lede: 'What fires now.' },
  { id: 'health', title: 'System health', lede: 'The processes that serve, and the machine they run on.' },
];

/** The frame of the page; it holds no data, and no script or style of its own, which its policy forbids. */
export function dashboardPage(): Asset {
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Dashboard – Ringwatt</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/dashboard/style.css" />
        <script src="/dashboard/scripts/uplot.js" defer></script>
        <script src="/dashboard/scripts/main.js" type="module"></script>
      </head>
      <body class="dashboard">
        <a class="skip" href="#serving">Skip to the charts</a>
        <header>
          <p class="kicker">Ringwatt · live</p>
          <h1>Dashboard</h1>
          <div class="controls">
            <label
              >Model
              <select id="model"></select
            ></label>
            <button id="pause" type="button" aria-pressed="false">Pause</button>
            <p id="status" role="status">Loading …</p>
          </div>
          <form id="key" hidden>
            <label>
              API key or token
              <input name="key" type="password" autocomplete="off" spellcheck="false" required />
            </label>
            <button>Show</button>
            <p class="note">This server asks who you are. The key stays in this tab until it is closed.</p>
          </form>
          <p id="firing" hidden></p>
        </header>
        <nav aria-label="Sections">
          ${SECTIONS.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}
        </nav>
        <main>
          ${SECTIONS.map(
            ({ id, title, lede }) =>
              html`<section id="${id}" aria-labelledby="${id}-title" tabindex="-1">
                <h2 id="${id}-title">${title}</h2>
                <p class="lede">${lede}</p>
                <div id="${id}-body"></div>
              </section>`,
          )}
        </main>
        <noscript
          ><p>
            This page draws itself with scripts, from this server alone; they are switched off.
          </p></noscript
        >
      </body>
    </html>`.text;
  return { type: 'text/html; charset=utf-8', body };
}
