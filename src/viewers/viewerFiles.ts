import { shellWord } from "../system/files.js";
import { chimeraxFiles } from "./chimerax.js";
import { imodModelOf } from "./imod.js";
import { napariScript } from "./napari.js";
import { neuroglancerLink, neuroglancerState } from "./neuroglancer.js";
import { fileStem, type Scene } from "./scene.js";
import { servedStore, serving } from "./servedStore.js";

export const viewers = ["neuroglancer", "chimerax", "napari", "imod"] as const;
export type Viewer = (typeof viewers)[number];

/** What one program needs to show a scene. */
interface ViewerFiles {
  /** Contents by name; the first is the one to open. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** The command or the words that open it, the file's place put in by the caller. */
  readonly how: (path: (name: string) => string) => string;
  readonly notes: readonly string[];
}

/** Where the tomogram's store is or will be served. */
interface Serving {
  /** Folders that may be served, the best first. */
  readonly folders: readonly string[];
  readonly url: string | undefined;
}

/** The files of a scene for a program. @throws BadUsage for a URL that is none */
export function viewerFiles(viewer: Viewer, scene: Scene, where: Serving): ViewerFiles {
  return { neuroglancer, chimerax, napari, imod }[viewer](scene, where);
}

/** Longer links are cut by some browsers and mail programs. */
const longLink = 30_000;
/** Neuroglancer, datasource/zarr: the types that it shows. */
const shownTypes = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "uint64", "float32"];

function neuroglancer(scene: Scene, { folders, url }: Serving): ViewerFiles {
  const { kind, path, dataType = "float32" } = scene.volume;
  const store = kind === "zarr" ? servedStore(path, folders, url) : undefined;
  const state = neuroglancerState(scene, store?.url);
  const link = neuroglancerLink(state);
  const stem = fileStem(scene.run);
  return {
    files: new Map([
      [`${stem}-neuroglancer-link.txt`, `${link}\n`],
      [`${stem}-neuroglancer.json`, `${JSON.stringify(state, null, 1)}\n`],
    ]),
    how: (at) =>
      `Neuroglancer: the link in ${at(`${stem}-neuroglancer-link.txt`)}${store ? `; first ${serving(store)}` : ""}`,
    notes: [
      ...(store ? [] : ["Neuroglancer reads no MRC: pickbench volume makes OME-Zarr of it"]),
      ...(store && !shownTypes.includes(dataType)
        ? [`Neuroglancer shows no ${dataType}: pickbench volume --type float32 makes a store that it does`]
        : []),
      ...(link.length > longLink
        ? [
            `Neuroglancer: the link has ${link.length} characters; where a browser cuts it, paste the .json into the viewer's { } editor`,
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
