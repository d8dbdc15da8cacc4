/** By what it is seen that a volume's file was changed. */
import { join } from "node:path";
import { isMirrored } from "../../data/remote/mirror.js";
import { stampAt } from "../stamp.js";
import type { VolumePlace } from "./place.js";

/** Files of a store that are written when it is made. */
const metadata = [".zattrs", "zarr.json"];
/** Milliseconds for which a mask's voxels count as they were read: masks are painted without their metadata being written. */
const maskAge = 2000;

/** Returns text that differs once the file, or the store's folder or metadata, was replaced or written. */
export async function stampOf({ path, kind }: VolumePlace): Promise<string> {
  if (isMirrored(path)) return "";
  const parts = await Promise.all([path, ...metadata.map((name) => join(path, name))].map(stampAt));
  const age = kind === "mask" || kind === "labels" ? Math.floor(Date.now() / maskAge) : 0;
  return `${parts.join(" ")} ${age}`;
}
