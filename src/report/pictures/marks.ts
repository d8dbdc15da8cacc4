/** Marks of picks and particles on pictures. */
import type { Angstrom } from "../../domain/units.js";
import { type Html, html } from "../../present/html.js";
import { fixed } from "../../present/text.js";
import type { Judged } from "../../score/diagnosis/verdicts.js";

/** Meaning of a mark; each has its own shape besides its colour. `found` is a true particle with a pick. */
export type MarkKind = "true" | "false" | "missed" | "found";

/** A pick or particle drawn on a picture. */
export interface Mark {
  readonly kind: MarkKind;
  readonly type: string;
  readonly experiment: string;
  /** Å */
  readonly radius: Angstrom;
  readonly x: Angstrom;
  readonly y: Angstrom;
  readonly z: Angstrom;
  readonly confidence: number | undefined;
}

/** Makes the marks of all types: true and false picks, missed and found particles. */
export function marksOf(all: readonly Judged[]): Mark[] {
  return all.flatMap(({ particle: { name: type, radius }, picks, particles }) => [
    ...picks.map(({ experiment, pick, verdict }): Mark => {
      const kind = verdict === "matched" ? "true" : "false";
      return { kind, type, experiment, radius, x: pick.x, y: pick.y, z: pick.z, confidence: pick.score };
    }),
    ...particles.map(({ experiment, place: { x, y, z }, match }): Mark => {
      return { kind: match ? "found" : "missed", type, experiment, radius, x, y, z, confidence: undefined };
    }),
  ]);
}

const words: Readonly<Record<MarkKind, string>> = {
  true: "true pick",
  false: "false pick",
  missed: "missed particle",
  found: "particle, found",
};

export const describeMark = ({ kind, type, confidence }: Mark): string =>
  `${type}: ${words[kind]}${confidence === undefined ? "" : `, confidence ${fixed(confidence, 2)}`}`;

/** Draws a mark's shape around x, y with a radius, in pixels: circle, square, dashed circle, cross. */
export function markShape(kind: MarkKind, x: number, y: number, radius: number): Html {
  const at = (value: number): string => String(Number(value.toFixed(1)));
  if (kind === "false") {
    const half = radius * 0.89;
    return html`<rect x="${at(x - half)}" y="${at(y - half)}" width="${at(2 * half)}" height="${at(2 * half)}"/>`;
  }
  if (kind === "found") {
    const arm = Math.min(4, radius);
    return html`<path d="M${at(x - arm)} ${at(y)}h${at(2 * arm)}M${at(x)} ${at(y - arm)}v${at(2 * arm)}"/>`;
  }
  return html`<circle cx="${at(x)}" cy="${at(y)}" r="${at(radius)}"/>`;
}

/**
 * Draws a scale bar in the lower left corner of a picture, of 1, 2 or 5 times a power of ten and at most a third as long as
 * the picture is wide.
 *
 * @param pixel Å a pixel
 * @param picture its size and that of letters, in pixels
 */
export function scaleBar(
  pixel: number,
  { width, height, letters }: { readonly width: number; readonly height: number; readonly letters: number },
): Html {
  const most = (width / 3) * pixel;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = power * ([5, 2].find((times) => times * power <= most) ?? 1);
  const words = length < 10 ? `${length} Å` : `${length / 10} nm`;
  const at = (value: number): string => String(Number(value.toFixed(1)));
  const inset = width / 30;
  const y = height - inset;
  return html`<g class="scale"><path d="M${at(inset)} ${at(y)}h${at(length / pixel)}"/><text x="${at(inset)}" y="${at(y - letters / 3)}" font-size="${at(letters)}">${words}</text></g>`;
}

/** Draws the legend of marks, for the caption of pictures. */
export const legend = (kinds: readonly MarkKind[]): Html =>
  html`<ul class="legend">${kinds.map(
    (kind) =>
      html`<li><svg viewBox="0 0 18 18" aria-hidden="true" class="marks"><g class="m-${kind}">${markShape(kind, 9, 9, 6.5)}</g></svg>${words[kind]}</li>`,
  )}</ul>`;
