/** What commands say at the end of a fetch. */
import type { Fetched } from "../../data/remote/fetchFiles.js";
import { plural } from "../../present/text.js";

/** Says how much has come into a folder, and how much was there. */
export const fetchedLine = (out: string, { files, bytes, kept }: Fetched): string =>
  `${out}: ${plural(files, "file")} fetched (${(bytes / 1e6).toFixed(1)} MB), ${kept} were here`;
