/** Charts as inline SVG in the colours of the page. */
import type { Config, TopLevelSpec } from "vega-lite";
import { Html, html } from "../html.js";
import { renderSvg } from "./render.js";

/** Size of a chart's plotting area in pixels; with axes it fits a narrow screen unscaled. */
const chartWidth = 246;
const chartHeight = 160;

/** Colours by meaning: variables of the page's style sheet, which differ in dark mode. */
export const colours = {
  true: "var(--true)",
  false: "var(--false)",
  missed: "var(--missed)",
  accent: "var(--accent)",
  quiet: "var(--quiet)",
  used: "var(--used)",
  series: ["var(--s1)", "var(--s2)", "var(--s3)", "var(--s4)", "var(--s5)", "var(--s6)"],
} as const;

const ink = "currentColor";
const config: Config = {
  background: "transparent",
  aria: false,
  font: "inherit",
  view: { stroke: null },
  axis: {
    labelColor: ink,
    titleColor: ink,
    gridColor: "var(--grid)",
    domainColor: "var(--axis)",
    tickColor: "var(--axis)",
    titleFontWeight: "normal",
    titleFontSize: 11,
    labelFontSize: 10,
    tickSize: 4,
    tickCount: 5,
  },
  legend: {
    labelColor: ink,
    titleColor: ink,
    orient: "top",
    title: null,
    labelFontSize: 11,
    labelLimit: 0,
    symbolSize: 60,
    offset: 6,
    columnPadding: 12,
  },
  line: { strokeWidth: 2 },
  point: { filled: true, size: 36 },
};

/**
 * Renders a chart as inline SVG that takes its colours from the page. @param label describes the chart to those who
 * cannot see it
 */
export async function chart(label: string, spec: TopLevelSpec): Promise<Html> {
  const whole = { width: chartWidth, height: chartHeight, ...spec, config } as TopLevelSpec;
  const svg = slimmed(await renderSvg(whole));
  const drawn = new Html(svg.slice(svg.indexOf(">") + 1));
  return html`<svg class="chart" role="img" aria-label="${label}" viewBox="${viewBoxOf(svg)}">${drawn}`;
}

/** Makes a figure: a chart with its title above and a caption below. */
export const figure = (title: string, svg: Html, caption = ""): Html =>
  html`<figure class="plot"><figcaption><b>${title}</b>${caption && html` <span>${caption}</span>`}</figcaption>${svg}</figure>`;

const viewBoxOf = (svg: string): string => {
  const [, , width, height] = /viewBox="(\S+) (\S+) (\S+) (\S+)"/.exec(svg)!.slice(1);
  return `0 0 ${width} ${height}`;
};

/** Removes what draws nothing and what no reader needs, since a page holds dozens of charts. */
const slimmed = (svg: string): string =>
  svg
    .replace(/<path class="(?:background|foreground)"[^>]*\/>/g, "")
    .replace(/<[^>]+>/g, (tag) =>
      tag
        .replace(/ (?:class|role|aria-[a-z]+|pointer-events|font-family|stroke-miterlimit)="[^"]*"/g, "")
        .replace(/ opacity="1"/g, "")
        .replace(/(\.\d)\d{2,}/g, "$1"),
    )
    .replace(/<g>((?:(?!<\/?g).)*)<\/g>/g, "$1");
