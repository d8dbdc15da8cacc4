/** Pictures of a run: slices and worst cases within a budget of bytes. */
import { readBytes } from "../../data/tomograms/bytes.js";
import { angstrom } from "../../domain/units.js";
import { type Cutout, cutOut } from "../../present/pictures/cutout.js";
import { pngAddress } from "../../present/pictures/grey.js";
import type { Diagnosis } from "../../score/diagnosis/diagnosis.js";
import type { FalsePick, Miss } from "../../score/diagnosis/worst.js";
import type { HeldOut } from "../heldOut.js";
import { PictureBudget, renderSlices, type SliceSeries } from "./slices.js";

/** Picture of one of the worst cases. */
export interface CasePicture extends Omit<Cutout, "image"> {
  readonly address: string;
  /** Width of the three planes together in pixels. */
  readonly width: number;
}

/** Pictures of a run's held-out tomograms. */
export interface Pictures {
  /** Slices by held-out run. */
  readonly slices: ReadonlyMap<string, SliceSeries>;
  readonly cases: ReadonlyMap<Miss | FalsePick, CasePicture>;
  /** Held-out runs without pictures, for lack of space. */
  readonly notShown: readonly string[];
}

/** Limit of the tomograms shown of one run. */
const mostTomograms = 8;
/** Share of the bytes for slices; the rest is for the worst cases. */
const sliceShare = 0.55;

/**
 * Draws the held-out tomograms' slices and the worst cases, the worst of every type first, within a number of bytes of
 * base64. Only one tomogram is held at a time.
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

/** Lists misses and false picks of one run, the worst of every type before the second worst of any. */
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
