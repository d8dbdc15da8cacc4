/**
 * The greatest sizes of what is taken from files and servers. Whatever is above is refused in one sentence before any
 * memory is reserved for it. docs/limits.md lists them.
 */
import { type ErrorTag, PickbenchError } from "./errors.js";

interface Limit {
  readonly most: number;
  readonly unit: string;
  /** What is limited, as the documents and messages say it. */
  readonly of: string;
}

const table = {
  chunkBytes: { most: 2 ** 30, unit: "bytes", of: "one decoded chunk or shard of a Zarr store" },
  axisVoxels: { most: 2 ** 17, unit: "voxels", of: "one axis of a volume" },
  volumeVoxels: { most: 2 ** 36, unit: "voxels", of: "one volume" },
  headerBytes: { most: 2 ** 26, unit: "bytes", of: "one header or metadata document" },
  jsonDepth: { most: 200, unit: "levels", of: "nesting in JSON and YAML" },
  checkpointBytes: { most: 2 ** 32, unit: "bytes", of: "one checkpoint" },
  checkpointTensors: { most: 100_000, unit: "tensors", of: "one checkpoint" },
  nameCharacters: { most: 200, unit: "characters", of: "one name of a run, type, user or session" },
  listedFiles: { most: 1_000_000, unit: "files", of: "one listing of a server" },
  archiveMembers: { most: 100_000, unit: "files", of: "one tar archive" },
  portalRows: { most: 100_000, unit: "rows", of: "one list of the Data Portal" },
} as const satisfies Record<string, Limit>;

/** Name of a limit. */
export type LimitName = keyof typeof table;

/** All limits by name. */
export const limits: Readonly<Record<LimitName, Limit>> = table;

/**
 * Checks a size that a file or server states.
 *
 * @param what of which file, as it begins the sentence, such as "chunk 0.0.0"
 * @throws PickbenchError with this tag and path where it is above the limit
 */
export function checkLimit(
  name: LimitName,
  size: number,
  {
    what,
    path,
    tag = "BadDataset",
  }: { readonly what: string; readonly path: string; readonly tag?: ErrorTag },
): void {
  const { most, unit } = limits[name];
  if (size <= most) return;
  throw new PickbenchError(
    tag,
    `${what} has ${size.toLocaleString("en-US")} ${unit}; at most ${most.toLocaleString("en-US")} are read`,
    { path },
  );
}
