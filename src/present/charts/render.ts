/** The one place where Vega draws. */
import type { TopLevelSpec } from "vega-lite";
import { printable } from "../printable.js";

/** Draws a chart as SVG. Vega is loaded with the first one. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const [{ compile }, { parse, View }] = await Promise.all([import("vega-lite"), import("vega")]);
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  try {
    return printable(await view.toSVG());
  } finally {
    view.finalize();
  }
}
