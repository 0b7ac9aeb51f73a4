// @ts-check
import { ask, keepKey, NotAdmitted } from './ask.js';
import { chosenModel } from './chosen-model.js';
import { byId, el, put } from './dom.js';
import { forgetLive, heardTo, openLive, showLive } from './live.js';
import { openQuality, showQuality } from './quality.js';
import { showProcesses, showState } from './sections.js';

const LIVE_MS = 2000;
const STATE_MS = 10_000;
const QUALITY_MS = 60_000;

const chosen = /** @type {HTMLSelectElement} */ (byId('model'));
const pause = byId('pause');
const key = /** @type {HTMLFormElement} */ (byId('key'));
const status = byId('status');
/** The model by which the page was opened, until the server has said whether it is there. */
let wanted = new URLSearchParams(location.search).get('model') ?? '';
let hasChosen = false;
let isPaused = false;
/** Of another choice than now, an answer comes too late. */
let choice = 0;
/** @type {Set<string>} */
const lost = new Set();

openLive(byId('serving-body'));
openQuality(byId('quality-body'));
byId('health-body').replaceChildren(el('div', { id: 'processes' }), el('div', { id: 'machine' }));

/** @param {string[]} names */
function offer(names) {
  const next = chosenModel(names, { stands: chosen.value, wanted, hasChosen });
  put(
    chosen,
    el('option', { value: '' }, 'all'),
    ...names.map((name) => el('option', { value: name }, name)),
  );
  chosen.value = next;
}

/** @param {Set<string>} models */
const names = (models) => [...models].sort();
/** @type {Set<string>} */
const known = new Set();

const live = repeatedly('live', LIVE_MS, async () => {
  const { live: heard } = await ask('live', { model: chosen.value, after: heardTo() });
  return () => {
    showLive(heard);
    showProcesses(heard);
    for (const name of heard?.models ?? []) known.add(name);
  };
});
const state = repeatedly('state', STATE_MS, async () => {
  const heard = await ask('state', { model: chosen.value });
  return () => {
    for (const { name } of heard.models.ok ? heard.models.value : []) known.add(name);
    const before = chosen.value;
    offer(names(known));
    wanted = '';
    showState(heard);
    if (chosen.value !== before) choose();
  };
});
const quality = repeatedly('quality', QUALITY_MS, async () => {
  const heard = chosen.value === '' ? null : await ask('quality', { model: chosen.value });
  return () => showQuality(heard);
});

/**
 * Asks again and again while somebody looks.
 * @param {string} name
 * @param {number} ms
 * @param {() => Promise<() => void>} work what it answers shows what was heard
 */
function repeatedly(name, ms, work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const turn = async () => {
    clearTimeout(timer);
    const mine = choice;
    try {
      const show = await work();
      if (mine !== choice) return;
      show();
      lost.delete(name);
      tell();
    } catch (error) {
      if (mine !== choice) return;
      lost.add(name);
      tell(error);
    }
    clearTimeout(timer);
    if (!isPaused && !document.hidden) timer = setTimeout(turn, ms);
  };
  return turn;
}

/** @param {unknown} [error] */
function tell(error) {
  if (error instanceof NotAdmitted) {
    key.hidden = false;
    status.textContent = error.message;
  } else if (lost.size > 0) {
    status.textContent = `Not heard: ${[...lost].join(', ')}${error instanceof Error ? ` (${error.message})` : ''}. It is tried again.`;
  } else {
    key.hidden = true;
    status.textContent = isPaused ? 'Paused.' : 'Live.';
  }
}

function askAll() {
  void live();
  void state();
  void quality();
}

function choose() {
  choice += 1;
  forgetLive();
  const url = new URL(location.href);
  if (chosen.value === '') url.searchParams.delete('model');
  else url.searchParams.set('model', chosen.value);
  history.replaceState(null, '', url);
  askAll();
}

chosen.addEventListener('change', () => {
  hasChosen = true;
  choose();
});
pause.addEventListener('click', () => {
  isPaused = !isPaused;
  pause.setAttribute('aria-pressed', String(isPaused));
  pause.textContent = isPaused ? 'Go on' : 'Pause';
  if (isPaused) tell();
  else askAll();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !isPaused) askAll();
});
key.addEventListener('submit', (event) => {
  event.preventDefault();
  keepKey(String(new FormData(key).get('key')).trim());
  askAll();
});
askAll();
