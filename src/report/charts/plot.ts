import * as Plot from '@observablehq/plot';
import { JSDOM } from 'jsdom';
import { Markup } from '../html.ts';

let dom: JSDOM | undefined;

/**
 * Draws a chart as inline SVG. It takes its colours from the page's CSS and scales with the page's width, so the
 * stylesheet that Plot adds to every chart is left out.
 */
export function drawn(label: string, options: Plot.PlotOptions): Markup {
  dom ??= new JSDOM('');
  const svg = Plot.plot({
    ...options,
    document: dom.window.document,
    className: 'plot',
    ariaLabel: label,
    style: { background: 'none', fontFamily: 'inherit', fontSize: '12px' },
  }) as SVGSVGElement;
  svg.querySelectorAll('style').forEach((style) => style.remove());
  svg.setAttribute('role', 'img');
  for (const attribute of ['xmlns', 'xmlns:xlink', 'width', 'height']) svg.removeAttribute(attribute);
  return new Markup(svg.outerHTML.replaceAll(/(\d+\.\d{2})\d+/g, '$1'));
}

export { Plot };
