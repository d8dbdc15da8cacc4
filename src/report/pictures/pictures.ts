import { readBytes } from "../../data/tomograms/bytes.js";
import { angstrom } from "../../domain/units.js";
import { type Cutout, cutOut } from "../../present/pictures/cutout.js";
import { pngAddress } from "../../present/pictures/grey.js";
import type { Diagnosis } from "../../score/diagnosis/diagnosis.js";
import type { FalsePick, Miss } from "../../score/diagnosis/worst.js";
import type { HeldOut } from "../heldOut.js";
import { PictureBudget, renderSlices, type SliceSeries } from "./slices.js";

/** One of the worst cases, and its picture. */
export interface CasePicture extends Omit<Cutout, "image"> {
  readonly address: string;
  /** Pixels of the three planes together. */
  readonly width: number;
}

export interface Pictures {
  /** By held-out run. */
  readonly slices: ReadonlyMap<string, SliceSeries>;
  readonly cases: ReadonlyMap<Miss | FalsePick, CasePicture>;
  /** Held-out runs that are not shown, for want of room. */
  readonly notShown: readonly string[];
}

/** Tomograms shown of one run at most. */
const mostTomograms = 8;
/** Share of the room that slices take; the rest is for the worst cases. */
const sliceShare = 0.55;

/**
 * Draws the held-out tomograms' slices and the worst cases, the worst of every type first, within so many bytes of
 * base64. One tomogram at a time is held.
 */
export async function renderPictures(
  { dataset, tomograms, diagnosis }: HeldOut,
  bytes: number,
  onProgress: (done: number, total: number) => void,
): Promise<Pictures> {
  const slices = new Map<string, SliceSeries>();
  const pictures = new Map<Miss | FalsePick, CasePicture>();
  const shown = bytes > 0 ? [...tomograms].slice(0, mostTomograms) : [];
  for (const [at, [run, reader]] of shown.entries()) {
    const budget = new PictureBudget(bytes / shown.length);
    const tomogram = await readBytes(reader, dataset.access);
    const { series, contrast } = renderSlices(tomogram, sliceShare * budget.left, budget);
    if (series) slices.set(run, series);
    for (const { item, radius } of worstCases(diagnosis, run)) {
      const place = { x: angstrom(item.x), y: angstrom(item.y), z: angstrom(item.z) };
      const { image, ...cut } = cutOut(tomogram, place, radius, contrast.black);
      const address = pngAddress(image, contrast);
      if (!budget.take(address.length)) break;
      pictures.set(item, { ...cut, address, width: image.width });
    }
    onProgress(at + 1, shown.length);
  }
  const notShown = [...tomograms.keys()].filter((run) => !shown.some(([name]) => name === run));
  return { slices, cases: pictures, notShown };
}

/** Misses and false picks of one run, the worst of every type before the second worst of any. */
function worstCases(
  { perType }: Diagnosis,
  run: string,
): { readonly item: Miss | FalsePick; readonly radius: number }[] {
  return Object.values(perType)
    .flatMap(({ worstMisses, worstFalsePicks, radius }) =>
      [worstMisses, worstFalsePicks].flatMap((list: readonly (Miss | FalsePick)[]) =>
        list.map((item, rank) => ({ item, rank, radius })),
      ),
    )
    .filter(({ item }) => item.experiment === run)
    .sort((a, b) => a.rank - b.rank);
}
