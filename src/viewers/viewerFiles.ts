/** Writes scenes for other programs. The room `viewers` supports Neuroglancer, ChimeraX, napari and IMOD. */
import { shellWord } from "../system/files.js";
import { chimeraxFiles } from "./chimerax.js";
import { imodModelOf } from "./imod.js";
import { napariScript } from "./napari.js";
import { neuroglancerLink, neuroglancerState } from "./neuroglancer.js";
import { fileStem, type Scene } from "./scene.js";
import { servedStore, serving } from "./servedStore.js";

/** Programs that a scene can be written for. */
export const viewers = ["neuroglancer", "chimerax", "napari", "imod"] as const;
export type Viewer = (typeof viewers)[number];

/** Files with which a program shows a scene. */
interface ViewerFiles {
  /** File contents by name; the first is the file to open. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** Returns the command, or the words, to open the files; the caller supplies their paths. */
  readonly how: (path: (name: string) => string) => string;
  readonly notes: readonly string[];
  /** Link that opens the scene, where the program is a page. */
  readonly link?: string;
}

/** How the tomogram's store is or will be served. */
interface Serving {
  /** Folders that may be served, the best first. */
  readonly folders: readonly string[];
  readonly url: string | undefined;
  /** Address of a server of the scene that runs: `volume.zarr` and `points` lie below it. */
  readonly server?: string | undefined;
}

/** Writes the files of a scene for a program. @throws PickbenchError BadUsage for an invalid URL */
export function viewerFiles(viewer: Viewer, scene: Scene, where: Serving): ViewerFiles {
  return { neuroglancer, chimerax, napari, imod }[viewer](scene, where);
}

/** Length in characters above which some browsers and mail programs cut links. */
const longLink = 30_000;
/** Voxel types that Neuroglancer shows (its datasource/zarr). */
const shownTypes = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "uint64", "float32"];

/** Names below the address of a scene's server. */
export const servedNames = { store: "volume.zarr", points: "points" } as const;

function neuroglancer(scene: Scene, { folders, url, server }: Serving): ViewerFiles {
  const { kind, path, dataType = "float32" } = scene.volume;
  const isZarr = kind === "zarr";
  const store = isZarr && server === undefined ? servedStore(path, folders, url) : undefined;
  const below = (name: string) => (server === undefined ? undefined : `${server}/${name}`);
  const state = neuroglancerState(scene, {
    store: isZarr ? (below(servedNames.store) ?? store?.url) : undefined,
    points: below(servedNames.points),
  });
  const link = neuroglancerLink(state);
  const stem = fileStem(scene.run);
  return {
    files: new Map([
      [`${stem}-neuroglancer-link.txt`, `${link}\n`],
      [`${stem}-neuroglancer.json`, `${JSON.stringify(state, null, 1)}\n`],
    ]),
    link,
    how: (at) =>
      `Neuroglancer: the link in ${at(`${stem}-neuroglancer-link.txt`)}${store ? `; ${serving(store)}` : ""}`,
    notes: [
      ...(isZarr ? [] : ["Neuroglancer reads no MRC: pickbench volume makes OME-Zarr of it"]),
      ...(isZarr && !shownTypes.includes(dataType)
        ? [`Neuroglancer shows no ${dataType}: pickbench volume --type float32 makes a store that it does`]
        : []),
      ...(link.length > longLink
        ? [
            `Neuroglancer: the link has ${link.length} characters; where a browser cuts it, give --serve, or paste the .json into the viewer's { } editor`,
          ]
        : []),
    ],
  };
}

function chimerax(scene: Scene): ViewerFiles {
  const { script, markers, notes } = chimeraxFiles(scene);
  const name = `${fileStem(scene.run)}.cxc`;
  return {
    files: new Map([[name, script], ...markers]),
    how: (at) => `ChimeraX: chimerax ${shellWord(at(name))}`,
    notes,
  };
}

function napari(scene: Scene): ViewerFiles {
  const name = `${fileStem(scene.run)}-napari.py`;
  return {
    files: new Map([[name, napariScript(scene)]]),
    how: (at) => `napari: python ${shellWord(at(name))}`,
    notes: [],
  };
}

function imod(scene: Scene): ViewerFiles {
  const name = `${fileStem(scene.run)}.mod`;
  const { kind, path } = scene.volume;
  const isMrc = kind === "mrc";
  return {
    files: new Map([[name, imodModelOf(scene)]]),
    how: (at) => `IMOD: 3dmod ${isMrc ? shellWord(path) : "TOMOGRAM.mrc"} ${shellWord(at(name))}`,
    notes: isMrc ? [] : [`IMOD reads no OME-Zarr: pickbench volume ${shellWord(path)} TOMOGRAM.mrc`],
  };
}
