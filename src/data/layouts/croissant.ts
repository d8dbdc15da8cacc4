/** Croissant manifests: data sets that a JSON-LD document names file by file, here or on servers. */
import { basename, dirname, join } from "node:path";
import { PickbenchError } from "../../system/errors.js";
import { readText } from "../../system/paths/opening.js";
import { checkFiles } from "../croissant/checked.js";
import { type FileFacts, looksLikeManifest, type Manifest, readManifest } from "../croissant/read.js";
import { mirrorManifest } from "../croissant/remote.js";
import { refusal } from "../croissant/resource.js";
import { type Placed, placesOf } from "../croissant/rows.js";
import type { PortalAnnotation, Run } from "../model.js";
import { isRemote } from "../remote/address.js";
import { mostJsonBytes } from "../remote/content.js";
import { downloadText } from "../remote/download.js";
import { tellsType } from "../volumeNames.js";
import { readPickableObjects } from "./copickConfig.js";
import { existingFolders, isFolder } from "./copickFolder.js";
import type { Asked, FoundData, Layout } from "./layout.js";

/** A manifest in a file. */
export const croissant: Layout = {
  async recognise(path, asked) {
    if (!path.endsWith(".json") || (await isFolder(path))) return undefined;
    const text = await readText(path);
    return looksLikeManifest(text) ? openManifest(await readManifest(path, text), asked) : undefined;
  },
};

/** Tells whether an address is that of a document rather than of data. */
export const isManifestAddress = (given: string): boolean => /^https?:/i.test(given) && /\.json$/.test(given);

/** Opens a manifest on a server. @throws PickbenchError BadDataset where it is none, or its data cannot be had */
export async function openRemoteManifest(address: string, asked: Asked): Promise<FoundData> {
  const { signal } = asked.access.reporter;
  const text = await downloadText(address, { mostBytes: mostJsonBytes, signal });
  if (!looksLikeManifest(text))
    throw refusal(address, "is no Croissant manifest; give the address of the folder that holds the data");
  return openManifest(await readManifest(address, text), asked);
}

async function openManifest(manifest: Manifest, asked: Asked): Promise<FoundData> {
  const { place, base, objects, notes } = manifest;
  for (const note of notes) asked.access.reporter.note(note);
  const known = objects === undefined ? {} : readPickableObjects(place, objects);
  const isElsewhere = isRemote(base) || manifest.rows.tomograms.some(({ url = "" }) => isRemote(url));
  if (isElsewhere) {
    const { folder, tree, placed } = await mirrorManifest(manifest, asked.access);
    const chosen = chosenRuns(place, placed, asked);
    const overlay = join(folder, "overlay");
    const roots = await existingFolders([overlay, tree]);
    return { root: folder, overlay, roots, runs: runsOf(placed, chosen, tree), ...known };
  }
  const placed = placesOf(manifest, "address");
  const chosen = chosenRuns(place, placed, asked);
  await checkFiles(place, base, filesToCheck(manifest, placed, chosen), asked.access.reporter);
  const roots = await existingFolders(rootsOf(place, base, placed));
  const overlay = roots.find((root) => basename(root) === "overlay") ?? join(base, "overlay");
  const sorted = [...roots].sort((a, b) => Number(b === overlay) - Number(a === overlay));
  return { root: base, overlay, roots: sorted, runs: runsOf(placed, chosen, base), ...known };
}

/** Names of splits that the parts of data sets stand for. */
const splitsOfPart = { train: ["train", "val", "validation", "tune"], test: ["test", "eval", "holdout"] };

/** Runs of the split that is asked for; all where none is. @throws PickbenchError BadUsage where there is none */
function chosenRuns(place: string, { runs, splits }: Placed, { part, split }: Asked): ReadonlySet<string> {
  if (part === undefined && split === undefined) return new Set(runs);
  const wanted = split === undefined ? splitsOfPart[part!] : [split];
  const chosen = runs.filter((run) => wanted.includes(splits.get(run) ?? ""));
  if (chosen.length > 0) return new Set(chosen);
  const there = [...new Set(splits.values())].sort();
  throw new PickbenchError(
    "BadUsage",
    `${place} has no run of the split ${wanted.join(" or ")}; ${there.length === 0 ? "it has no splits" : `there is ${there.join(", ")}`}`,
    { path: place },
  );
}

/** Files of the chosen runs, by path below the base, with what is known of them. */
function filesToCheck(
  { files = new Map<string, FileFacts>() }: Manifest,
  { all }: Placed,
  chosen: ReadonlySet<string>,
): Map<string, FileFacts> {
  const wanted = new Map<string, FileFacts>();
  for (const [path, facts] of files) {
    const run = /(?:^|\/)ExperimentRuns\/([^/]+)\//.exec(path)?.[1];
    if (run === undefined || chosen.has(run)) wanted.set(path, facts);
  }
  for (const { run, path, sha256, isStore } of all)
    if (!isStore && sha256 !== undefined && chosen.has(run) && !wanted.has(path))
      wanted.set(path, { sha256: sha256.toLowerCase() });
  return wanted;
}

/** Folders that hold ExperimentRuns/ with the picks. @throws PickbenchError BadDataset for picks that lie elsewhere */
function rootsOf(place: string, base: string, { picks, tomograms }: Placed): string[] {
  const roots = new Set<string>();
  for (const { path, run, type, userId, sessionId, portal } of picks) {
    if (portal) continue;
    const stem = userId === "" ? type : `${userId}_${sessionId}_${type}`;
    const end = `ExperimentRuns/${run}/Picks/${stem}.json`;
    if (path !== end && !path.endsWith(`/${end}`))
      throw refusal(
        place,
        `its picks ${path} do not lie at …/${end}, where they are looked for; rename them`,
      );
    roots.add(join(base, path.slice(0, path.length - end.length)));
  }
  for (const { path } of tomograms) {
    const at = path.lastIndexOf("ExperimentRuns/");
    if (at >= 0) roots.add(join(base, path.slice(0, at)));
  }
  return [...roots].map((root) => root.replace(/[/\\]$/, ""));
}

function runsOf({ tomograms, masks, picks }: Placed, chosen: ReadonlySet<string>, base: string): Run[] {
  const at = ({ path }: { readonly path: string }) => join(base, path);
  return [...chosen].sort().map((name) => {
    const of = <Row extends { readonly run: string }>(rows: readonly Row[]) =>
      rows.filter(({ run }) => run === name);
    const annotations = of(picks).flatMap((row): PortalAnnotation[] =>
      row.portal ? [{ type: row.type, path: at(row), isGroundTruth: true, ...row.portal }] : [],
    );
    const segmentations = of(masks).map((row) => ({
      ...{ name: row.name, path: at(row), userId: row.userId, sessionId: row.sessionId },
      ...{ voxelSpacing: row.voxelSpacing, isMultilabel: row.isMultilabel, isTruth: true },
    }));
    const sources = [...of(tomograms), ...of(masks), ...of(picks)].map(at).filter(isOutside);
    return {
      name,
      tomograms: of(tomograms)
        .map((row) => ({
          ...{ run: name, tomoType: row.tomoType, path: at(row), voxelSpacing: row.voxelSpacing },
          ...(tellsType(row.tomoType, name) ? {} : { isOnly: true }),
        }))
        .sort((a, b) => a.voxelSpacing - b.voxelSpacing || (a.tomoType < b.tomoType ? -1 : 1)),
      ...(annotations.length > 0 ? { annotations } : {}),
      ...(segmentations.length > 0 ? { segmentations } : {}),
      ...(sources.length > 0 ? { sources } : {}),
    };
  });
}

/** Whether a path lies outside of copick's tree, where manifests of data would not find it. */
const isOutside = (path: string): boolean => !dirname(path).split(/[/\\]/).includes("ExperimentRuns");
