/** Galleries of the worst cases of a type. */
import { angstrom } from "../../domain/units.js";
import { type Html, html } from "../../present/html.js";
import { gap, planes } from "../../present/pictures/cutout.js";
import { fixed, signed } from "../../present/text.js";
import type { TypeDiagnosis } from "../../score/diagnosis/diagnosis.js";
import type { FalsePick, Miss } from "../../score/diagnosis/worst.js";
import { legend, type Mark, markShape, scaleBar } from "../pictures/marks.js";
import type { CasePicture, Pictures } from "../pictures/pictures.js";

/** Makes the gallery of the misses to look at first. */
export function missGallery(
  type: string,
  { worstMisses, radius, counts }: TypeDiagnosis,
  pictures: Pictures,
  marks: readonly Mark[],
): Html | null {
  const cards = worstMisses.map((miss) => {
    const { nearestWrong, gap: surer } = miss;
    const words = nearestWrong
      ? `nearest wrong pick: ${nearestWrong.type}, ${fixed(nearestWrong.distance, 0)} Å away${nearestWrong.confidence === null ? "" : `, confidence ${fixed(nearestWrong.confidence, 2)}`}`
      : "no wrong pick near it";
    return card(
      `missed ${type}`,
      miss,
      "missed",
      words + (surer === null ? "" : `, ${signed(surer, 2)} against the least sure pick that found one`),
      pictures.cases.get(miss),
      radius,
      marks,
    );
  });
  return gallery(
    `Missed: ${shownOf(cards.length, counts.fn)}, first those taken for something else most surely`,
    cards,
  );
}

/** Makes the gallery of false picks, most confident first. */
export function falseGallery(
  type: string,
  { worstFalsePicks, radius, counts }: TypeDiagnosis,
  pictures: Pictures,
  marks: readonly Mark[],
): Html | null {
  const cards = worstFalsePicks.map((pick) => {
    const { confidence, verdict, mistakenFor, nearestParticle } = pick;
    const words = [
      ...(confidence === null ? [] : [`confidence ${fixed(confidence, 2)}`]),
      verdict === "duplicate"
        ? "a second pick of a particle"
        : mistakenFor
          ? `stands at a missed ${mistakenFor}`
          : "nothing of its type there",
      ...(nearestParticle
        ? [`nearest: ${nearestParticle.type}, ${fixed(nearestParticle.distance, 0)} Å`]
        : []),
    ];
    return card(`false ${type}`, pick, "false", words.join("; "), pictures.cases.get(pick), radius, marks);
  });
  const total = counts.duplicates + counts.wrongPicks;
  return gallery(`False picks: ${shownOf(cards.length, total)}, the surest first`, cards);
}

const shownOf = (shown: number, total: number): string =>
  shown === total ? String(total) : `the worst ${shown} of ${total}`;

function gallery(title: string, cards: readonly Html[]): Html | null {
  if (cards.length === 0) return null;
  return html`<h4>${title}</h4>
${legend(["missed", "false", "true", "found"])}
<ol class="gallery">${cards}</ol>`;
}

function card(
  what: string,
  place: Miss | FalsePick,
  kind: "missed" | "false",
  words: string,
  picture: CasePicture | undefined,
  radius: number,
  marks: readonly Mark[],
): Html {
  const at = `${place.experiment}, x ${fixed(place.x, 0)} y ${fixed(place.y, 0)} z ${fixed(place.z, 0)} Å`;
  const own: Mark = {
    kind,
    type: "",
    experiment: place.experiment,
    radius: angstrom(radius),
    x: angstrom(place.x),
    y: angstrom(place.y),
    z: angstrom(place.z),
    confidence: undefined,
  };
  const others = marks.filter(({ experiment, x, y, z }) => {
    const isSame = x === place.x && y === place.y && z === place.z;
    return experiment === place.experiment && !isSame;
  });
  return html`<li><figure>${picture && threePlanes(`${what} at ${at}: planes xy, xz and yz`, picture, [own, ...others])}<figcaption><b>${at}</b> ${words}</figcaption></figure></li>\n`;
}

/** Draws a picture with the marks that its planes cut; the first mark is the subject. */
function threePlanes(label: string, picture: CasePicture, marks: readonly Mark[]): Html {
  const { side, width, address, pixel, centre } = picture;
  const centres = [centre.z, centre.y, centre.x] as const;
  const shapes = planes.map(({ name, axes: [right, down, along] }, p) => {
    const left = p * (side + gap);
    const inside = marks.flatMap((mark) => {
      const at = [mark.z, mark.y, mark.x] as const;
      const away = Math.abs(at[along] - centres[along]);
      const cut = Math.sqrt(Math.max(0, mark.radius ** 2 - away ** 2)) / pixel;
      const x = side / 2 + (at[right] - centres[right]) / pixel;
      const y = side / 2 + (at[down] - centres[down]) / pixel;
      if (cut < 1.5 || x < 0 || y < 0 || x > side || y > side) return [];
      return [
        html`<g class="m-${mark.kind}${mark === marks[0] && " own"}">${markShape(mark.kind, x + left, y, cut)}</g>`,
      ];
    });
    return html`<svg x="${left}" y="0" width="${side}" height="${side}" viewBox="${left} 0 ${side} ${side}">${inside}<g class="scale"><text x="${fixed(left + side / 30, 1)}" y="${fixed(side / 8, 1)}" font-size="${fixed(side / 9, 1)}">${name}</text></g></svg>`;
  });
  return html`<svg class="planes marks" role="img" aria-label="${label}" viewBox="0 0 ${width} ${side}"><image href="${address}" width="${width}" height="${side}"/>${shapes}${scaleBar(pixel, { width: side, height: side, letters: side / 9 })}</svg>`;
}
