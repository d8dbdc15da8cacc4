/** Names that no reader of a folder takes for data: of sidecars, which say beside an output how it was made, and hidden ones. */

/** What follows the name of an output in its sidecar's name. */
export const sidecarEnding = ".made.json";

/** Tells whether a file, by its name or path, is a sidecar. */
export const isSidecar = (name: string): boolean => name.endsWith(sidecarEnding);

/** Tells whether a name is hidden, as `.DS_Store` is; Zarr's own are not. */
export const isHidden = (name: string): boolean => /^\.(?!(?:zarray|zattrs|zgroup|zmetadata)$)/.test(name);

/** Variable of the environment that, set to `no`, leaves sidecars out: of parts of a work, whose whole is noted elsewhere. */
export const makingVariable = "PICKBENCH_MADE";
