// @ts-check

/**
 * Which model is shown, '' for all: what stands, else what the page was opened by, else the only one there is, unless
 * somebody has chosen all.
 * @param {string[]} names
 * @param {{ stands: string, wanted: string, hasChosen: boolean }} now
 */
export function chosenModel(names, { stands, wanted, hasChosen }) {
  const asked = stands || wanted;
  if (asked !== '') return names.includes(asked) ? asked : '';
  const [only = '', ...others] = names;
  return hasChosen || others.length > 0 ? '' : only;
}
