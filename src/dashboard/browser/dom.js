// @ts-check

/** @typedef {Node | string | number | null | undefined | false} Piece */

/**
 * An element. Text is text: nothing that was heard becomes markup.
 * @param {string} tag such as `td`, or `td.said` with a class
 * @param {Record<string, string | number | boolean | undefined> | null} [attributes]
 * @param {...(Piece | Piece[])} pieces
 */
export function el(tag, attributes, ...pieces) {
  const [name = 'div', ...classes] = tag.split('.');
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== false)
      element.setAttribute(key, value === true ? '' : String(value));
  }
  for (const piece of pieces.flat()) {
    if (piece !== null && piece !== undefined && piece !== false)
      element.append(piece instanceof Node ? piece : String(piece));
  }
  return element;
}

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no ${id}`);
  return element;
}

/**
 * Puts something in place of what is there, and leaves alone what says the same already: a reader's selection, focus
 * and open details stay.
 * @param {Element} place
 * @param {...Piece} pieces
 */
export function put(place, ...pieces) {
  const next = el('div', null, ...pieces);
  if (next.innerHTML === place.innerHTML) return;
  place.replaceChildren(...next.childNodes);
}

/**
 * @param {string[]} head
 * @param {(Piece | Piece[])[][]} rows the first of each names the row
 * @param {{ said?: number[], caption?: string }} [options] `said`: columns of words
 */
export function table(head, rows, { said = [], caption } = {}) {
  const kind = (/** @type {number} */ i) => (said.includes(i) ? '.said' : '');
  return el(
    'div.scroll',
    { tabindex: 0, role: 'region', 'aria-label': caption ?? head.join(', ') },
    el(
      'table',
      null,
      el('thead', null, el('tr', null, ...head.map((text, i) => el(`th${kind(i)}`, { scope: 'col' }, text)))),
      el(
        'tbody',
        null,
        ...rows.map((cells) =>
          el(
            'tr',
            null,
            ...cells.map((cell, i) =>
              el(
                i === 0 ? `th${kind(i)}` : `td${kind(i)}`,
                // On a narrow page each cell says what it is.
                i === 0 ? { scope: 'row' } : { 'data-head': head[i] },
                ...[cell].flat(),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

/** @param {[string, Piece][]} facts */
export const factList = (facts) =>
  el(
    'dl.facts',
    null,
    ...facts.map(([name, value]) => el('div', null, el('dt', null, name), el('dd', null, value))),
  );

/**
 * What stands between backticks is what somebody can type.
 * @param {string} text
 * @returns {Piece[]}
 */
export const words = (text) =>
  text.split('`').map((part, i) => (i % 2 === 1 ? el('code', null, part) : part));

/** @param {string} text */
export const note = (text) => el('p.note', null, words(text));

/**
 * What a part of the page says, or why it cannot.
 * @template Value
 * @param {{ ok: true, value: Value } | { ok: false, problem: string }} told
 * @param {(value: Value) => Piece[]} show
 * @returns {Piece[]}
 */
export const shown = (told, show) =>
  told.ok ? show(told.value) : [el('p.problem', null, words(told.problem))];
