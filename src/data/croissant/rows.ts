/** Rows of a manifest as tomograms, masks and picks, each with its place below the data's folder. */
import { checkedName } from "../../system/paths/names.js";
import { checkedPath, isRemote } from "../remote/address.js";
import type { Manifest } from "./read.js";
import { checkedHash, refusal } from "./resource.js";
import type { Row } from "./tables.js";

/** Something that a row names. */
interface PlacedRow {
  readonly run: string;
  /** As the row has it. */
  readonly url: string;
  /** Path below the data's folder. */
  readonly path: string;
  /** Whether it is a folder of an OME-Zarr store. */
  readonly isStore: boolean;
  readonly sha256: string | undefined;
}

interface PlacedTomogram extends PlacedRow {
  readonly tomoType: string;
  readonly voxelSpacing: number;
}

interface PlacedMask extends PlacedRow {
  readonly name: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly voxelSpacing: number;
  readonly isMultilabel: boolean;
}

interface PlacedPicks extends PlacedRow {
  readonly type: string;
  readonly userId: string;
  readonly sessionId: string;
  /** Set for points of the Data Portal: the voxel spacing that they count in, and the annotation's number. */
  readonly portal?: { readonly voxelSpacing: number; readonly id: string };
}

/** All that a manifest names. */
export interface Placed {
  readonly runs: readonly string[];
  /** Splits by run, where it has any. */
  readonly splits: ReadonlyMap<string, string>;
  readonly tomograms: readonly PlacedTomogram[];
  readonly masks: readonly PlacedMask[];
  readonly picks: readonly PlacedPicks[];
  readonly all: readonly PlacedRow[];
}

/**
 * Places the rows.
 *
 * @param by where things lie: as their addresses say, or under copick's names
 * @throws PickbenchError BadDataset for a name that cannot be part of a path, or an address that leads elsewhere
 */
export function placesOf({ place, rows }: Manifest, by: "address" | "copick"): Placed {
  const name = (what: string, text: string) => checkedName(text, { what, path: place });
  const placed = (row: Row, below: readonly string[], isStore: boolean): PlacedRow => {
    const run = name("run", row.run!);
    const own = ["ExperimentRuns", run, ...below].join("/");
    const url = row.url!.replace(/\/+$/, "");
    return {
      ...{ run, url, isStore, sha256: checkedHash(place, url, row.sha256) },
      path: by === "copick" ? own : relativePath(place, url),
    };
  };
  const spacing = (row: Row): number => {
    const value = Number(row.voxel_size);
    if (/^[\d.]+(?:e[+-]?\d+)?$/i.test(row.voxel_size!) && value > 0 && Number.isFinite(value)) return value;
    throw refusal(place, `voxel_size of ${row.run} is ${row.voxel_size}, wanted Å above 0; mend its table`);
  };
  const tomograms = rows.tomograms.map((row) => {
    const tomoType = name("tomogram", row.tomo_type!);
    const voxelSpacing = spacing(row);
    const below = [`VoxelSpacing${voxelSpacing.toFixed(3)}`, `${tomoType}.zarr`];
    return { ...placed(row, below, true), tomoType, voxelSpacing };
  });
  const masks = rows.segmentations.map((row) => {
    const [userId, sessionId] = [name("user", row.user_id!), name("session", row.session_id!)];
    const [feature, voxelSpacing] = [name("segmentation", row.name!), spacing(row)];
    const isMultilabel = /^(true|1|yes)$/i.test(row.is_multilabel!);
    const stem = [voxelSpacing.toFixed(3), userId, sessionId, feature].join("_");
    const below = ["Segmentations", `${stem}${isMultilabel ? "-multilabel" : ""}.zarr`];
    return { ...placed(row, below, true), name: feature, userId, sessionId, voxelSpacing, isMultilabel };
  });
  const picks = rows.picks.map((row) => {
    const type = name("type", row.object_name!);
    const userId = row.user_id === "" ? "" : name("user", row.user_id!);
    const sessionId = row.session_id === "" ? "" : name("session", row.session_id!);
    const isPortal = row.url!.endsWith(".ndjson");
    const stem = userId === "" ? type : [userId, sessionId, type].join("_");
    const below = isPortal ? ["Annotations", `${stem}.ndjson`] : ["Picks", `${stem}.json`];
    const entry = { ...placed(row, below, false), type, userId, sessionId };
    if (!isPortal) return entry;
    const id = row.portal_annotation_id || sessionId;
    return { ...entry, portal: { id, voxelSpacing: portalSpacing(place, row, tomograms) } };
  });
  const listed = rows.runs.map((row) => ({ run: name("run", row.name!), split: row.split ?? "" }));
  const [ofTomograms, ofMasks, ofPicks] = [once(place, tomograms), once(place, masks), once(place, picks)];
  const all = [...ofTomograms, ...ofMasks, ...ofPicks];
  return {
    runs: [...new Set([...listed, ...all].map(({ run }) => run))].sort(),
    splits: splitsOf(place, listed),
    ...{ tomograms: ofTomograms, masks: ofMasks, picks: ofPicks, all },
  };
}

/** Leaves out rows that say the same again. @throws PickbenchError BadDataset for two things of one place */
function once<Row extends PlacedRow>(place: string, rows: readonly Row[]): Row[] {
  const seen = new Map<string, Row>();
  for (const row of rows) {
    const earlier = seen.get(row.path);
    if (earlier === undefined) seen.set(row.path, row);
    else if (earlier.url !== row.url || earlier.run !== row.run)
      throw refusal(
        place,
        `${earlier.url} of ${earlier.run} and ${row.url} of ${row.run} are both called ${row.path}; leave one in its table`,
      );
  }
  return [...seen.values()];
}

/** Splits by run. @throws PickbenchError BadDataset for a run that is in two, which would mix them */
function splitsOf(
  place: string,
  listed: readonly { readonly run: string; readonly split: string }[],
): Map<string, string> {
  const splits = new Map<string, string>();
  for (const { run, split } of listed) {
    const earlier = splits.get(run) ?? split;
    if (earlier !== split)
      throw refusal(
        place,
        `${run} is in the splits ${[earlier, split].map((each) => each || "none").join(" and ")}; leave one in its table`,
      );
    splits.set(run, split);
  }
  return new Map([...splits].filter(([, split]) => split !== ""));
}

/** Returns a relative address as a path that stays below its folder. @throws PickbenchError BadDataset for another */
function relativePath(place: string, url: string): string {
  if (isRemote(url))
    throw refusal(
      place,
      `${url} lies on a server, while other data lie beside the manifest; bring all, or none`,
    );
  return checkedPath(place, url);
}

/** Voxel spacing of the Data Portal's points: as their address says, else the one of the run's tomograms. */
function portalSpacing(place: string, { url, run }: Row, tomograms: readonly PlacedTomogram[]): number {
  const stated = Number(/\/VoxelSpacing([\d.]+)\//.exec(url!)?.[1]);
  if (stated > 0) return stated;
  const spacings = new Set(tomograms.filter((each) => each.run === run).map((each) => each.voxelSpacing));
  const [only, second] = spacings;
  if (only !== undefined && second === undefined) return only;
  throw refusal(
    place,
    `${url}: the voxel spacing that its points count in is not known; name it by VoxelSpacing… in the address`,
  );
}
