/** Writes a scene for ChimeraX: a command script and marker files. */
import { rounded } from "../domain/numbers.js";
import { asciiJson, fileStem, firstCentre, type PointLayer, type Scene } from "./scene.js";

/** A ChimeraX script and the marker files that the script opens. */
interface ChimeraxFiles {
  readonly script: string;
  /** Text of the marker files, by name. */
  readonly markers: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

/** Transparency in percent: truth is transparent, picks are not. */
const truthTransparency = 65;

/**
 * Writes a ChimeraX command script for a fresh session (the volume is model 1), and a .cmm file for each layer of
 * points.
 *
 * Positions are Å from the volume's corner. ChimeraX takes a volume's values as those at its grid points, and a
 * volume's origin is the place of grid point 0, 0, 0: half a voxel from the corner. ChimeraX runs a script in the
 * script's own folder, so the marker files are named without a folder.
 */
export function chimeraxFiles({ run, volume, layers }: Scene): ChimeraxFiles {
  const named = layers.map((layer, index) => ({
    layer,
    file: `${fileStem(run)}-${String(index + 1).padStart(2, "0")}-${fileStem(layer.name)}.cmm`,
  }));
  const path = quoted(volume.path);
  const first = path === undefined ? 1 : 2;
  const [z, y, x] = volume.spacing;
  const middle = [...volume.shape].reverse().map((size) => Math.floor(size / 2));
  const script = [
    `# Run ${asciiJson(run)}: truth is seen through, picks are small and solid. For a fresh session.`,
    ...(path === undefined
      ? []
      : [
          `open ${path}`,
          `volume #1 voxelSize ${x},${y},${z} origin ${firstCentre(volume)
            .map((length) => rounded(length))
            .join(",")}`,
        ]),
    ...named.flatMap(({ layer, file }, index) => [
      `open ${file}`,
      ...(layer.isTruth ? [`transparency #${first + index} ${truthTransparency} target a`] : []),
    ]),
    "view",
    ...(path === undefined
      ? []
      : [`volume #1 style image orthoplanes xyz positionPlanes ${middle.join(",")}`]),
  ];
  return {
    script: `${script.join("\n")}\n`,
    markers: new Map(named.map(({ layer, file }) => [file, markerSet(layer)])),
    notes: notesOf(volume.kind, path),
  };
}

function notesOf(kind: Scene["volume"]["kind"], path: string | undefined): string[] {
  if (path === undefined)
    return [
      "ChimeraX: the tomogram's path has quotes or a backslash, which no script can name; open it by hand",
    ];
  return kind === "zarr"
    ? [
        "ChimeraX opens OME-Zarr with the bundle ChimeraX-OME-Zarr; without it: pickbench volume, and open the MRC",
      ]
    : [];
}

/** Quotes a path as one word of a command; undefined where the quotes could be read in more than one way. */
function quoted(path: string): string | undefined {
  const plain = process.platform === "win32" ? path.replaceAll("\\", "/") : path;
  return /["'\\]|[^ -\u{10ffff}]|[\u007f-\u009f\u2028\u2029]/u.test(plain) ? undefined : `"${plain}"`;
}

/** Writes a marker file (.cmm): places and radius in Å, colours from 0 to 1, a pick's score as its note. */
function markerSet({ name, colour, radius, points }: PointLayer): string {
  const [red, green, blue] = colour.map((value) => rounded(value / 255, 4));
  const lines = points.map(({ x, y, z, score }, index) => {
    const note = score === undefined ? "" : ` note="${rounded(score)}"`;
    const place = `x="${rounded(x)}" y="${rounded(y)}" z="${rounded(z)}"`;
    return `<marker id="${index + 1}" ${place} r="${red}" g="${green}" b="${blue}" radius="${rounded(radius)}"${note}/>`;
  });
  return [`<marker_set name="${xmlText(name)}">`, ...lines, "</marker_set>", ""].join("\n");
}

const entities: Readonly<Record<string, string>> = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "apos",
};

/** Escapes the text of an attribute; characters that XML 1.0 forbids become the replacement character. */
const xmlText = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => `&${entities[character]};`)
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
