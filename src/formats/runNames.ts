/** The rule for names of runs: what files of picks say about a tomogram, and what its own file or folder is called. */
import { posix } from "node:path";

/** Endings of tomograms, tilt series and what belongs to them, in any order and number: `TS_1.mrc.tomostar`. */
const endings =
  /(?:\.(?:mrcs?|rec|map|ccp4|em|st|ali|hdf5?|h5|tiff?|tomostar|mdoc|ome\.zarr|zarr|n5)(?::mrcs?)?|\.(?:gz|bz2|zst))+$/i;

/** Folders of one copick project, beside each other, that hold the same runs. */
const roots = new Set(["static", "overlay"]);

/**
 * Returns the run in a path of copick's layout (`ExperimentRuns/RUN/…`) or of the portal's (`RUN/Reconstructions/…`), and the
 * folder of the data set around it, "" for none; undefined for any other path.
 */
export function runOfPath(path: string): { readonly run: string; readonly within: string } | undefined {
  const folders = path.trim().split(/[/\\]+/);
  const ofCopick = folders.lastIndexOf("ExperimentRuns");
  if (ofCopick >= 0 && folders[ofCopick + 1]) {
    const end = roots.has(folders[ofCopick - 1] ?? "") ? ofCopick - 1 : ofCopick;
    return { run: folders[ofCopick + 1]!, within: folders.slice(0, end).join("/") };
  }
  const ofPortal = folders.lastIndexOf("Reconstructions");
  if (ofPortal > 0 && folders[ofPortal - 1])
    return { run: folders[ofPortal - 1]!, within: folders.slice(0, ofPortal - 1).join("/") };
  return undefined;
}

/**
 * Returns the run that a text names: `ts_1.tomostar`, `deconv/TS_2.rec` and `C:\\data\\TS_3.mrc` name ts_1, TS_2 and TS_3.
 * Folders and endings of tomogram files go, save in copick's and the portal's layouts (`runOfPath`). A name that would
 * become empty stays as it is.
 */
export function runNameOf(text: string): string {
  const laidOut = runOfPath(text);
  if (laidOut) return laidOut.run;
  const last =
    text
      .trim()
      .split(/[/\\]+/)
      .findLast((folder) => folder !== "") ?? text;
  const name = last.replace(endings, "");
  return name === "" || name === "." ? text : name;
}

/** Returns a text's run with its folders, without the file's endings and what changes no path, such as `./`. */
function wholeNameOf(text: string): string {
  const laidOut = runOfPath(text);
  const given = laidOut ? [laidOut.within, laidOut.run].filter((part) => part !== "").join("/") : text;
  const path = posix.normalize(given.trim().replace(/\\/g, "/")).replace(/(?<=.)\/$/, "");
  return laidOut ? path : path.replace(endings, "");
}

/** Names of runs that are read together. */
export interface RunNames {
  /** Returns the run of a text that was given. */
  readonly of: (text: string) => string;
  /** What was cut off or kept apart, in a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Applies `runNameOf` to all texts that name runs in what is read together. Where texts in different folders would become
 * one run, as `a/TS_1.mrc` and `b/TS_1.mrc`, they stay apart with their folders; texts that differ in their ending alone, or lie
 * in one run's folder, are one run.
 */
export function runNames(texts: Iterable<string>): RunNames {
  const byName = new Map<string, Set<string>>();
  for (const text of texts) byName.set(runNameOf(text), (byName.get(runNameOf(text)) ?? new Set()).add(text));
  const apart = new Map<string, string>();
  const notes: string[] = [];
  for (const [name, given] of byName) {
    const whole = new Set([...given].map(wholeNameOf));
    if (whole.size < 2) continue;
    for (const text of given) apart.set(text, wholeNameOf(text));
    notes.push(
      `${[...whole].slice(0, 3).join(" and ")} stay runs of their own, though both names end in ${name}; give --run to take one`,
    );
  }
  const of = (text: string): string => apart.get(text) ?? runNameOf(text);
  const cut = [...byName].flatMap(([, given]) => [...given].filter((text) => of(text) !== text));
  if (cut.length > 0)
    notes.unshift(
      `runs are called without folders and endings of files: ${cut[0]} is ${of(cut[0]!)}${cut.length > 1 ? `, and ${cut.length - 1} more` : ""}`,
    );
  return { of, notes };
}
