// @ts-check

/** Of this tab alone; whoever closes it has to say it again. */
const KEY = 'ringwatt-key';

export class NotAdmitted extends Error {}

/** @param {string} key */
export const keepKey = (key) => sessionStorage.setItem(KEY, key);

/** A token has three parts. @returns {Record<string, string>} */
function credentials() {
  const key = sessionStorage.getItem(KEY);
  if (key === null) return {};
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(key) ? { authorization: `Bearer ${key}` } : { 'x-api-key': key };
}

/**
 * @param {string} path
 * @param {Record<string, string | number | undefined>} query
 * @returns {Promise<any>}
 */
export async function ask(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const answer = await fetch(`/dashboard/${path}?${search}`, {
    headers: credentials(),
    signal: AbortSignal.timeout(20_000),
  });
  if (answer.status === 401 || answer.status === 403) throw new NotAdmitted(await problemOf(answer));
  if (!answer.ok) throw new Error(await problemOf(answer));
  return answer.json();
}

/** @param {Response} answer */
async function problemOf(answer) {
  const body = await answer.json().catch(() => null);
  return body?.error?.message ?? `the server answers ${answer.status}`;
}
