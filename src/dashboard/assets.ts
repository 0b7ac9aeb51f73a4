import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface Asset {
  type: string;
  body: string;
}

const SCRIPT = 'text/javascript; charset=utf-8';
const FOLDER = new URL('./browser/', import.meta.url);

/**
 * All that the page loads, by name: its own scripts, the library of its charts, and its styles. Nothing comes from
 * elsewhere, so that it works where nothing else can be reached.
 */
export function assets(): Map<string, Asset> {
  const { resolve } = createRequire(import.meta.url);
  const library = (file: string) => readFileSync(resolve(`uplot/dist/${file}`), 'utf8');
  const own = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const scripts = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.js'))
    .map((name): [string, Asset] => [
      `scripts/${name}`,
      { type: SCRIPT, body: readFileSync(new URL(name, FOLDER), 'utf8') },
    ]);
  const styles = [library('uPlot.min.css'), own('../report/style.css'), own('./dashboard.css')].join('\n');
  return new Map<string, Asset>([
    ...scripts,
    ['scripts/uplot.js', { type: SCRIPT, body: library('uPlot.iife.min.js') }],
    ['style.css', { type: 'text/css; charset=utf-8', body: styles }],
  ]);
}
