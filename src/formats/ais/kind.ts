/** Tells Ais's files apart by what they hold, whatever they are called. */
import { messageOf, PickbenchError } from "../../system/errors.js";
import { openFile } from "../../system/paths/opening.js";
import { openTar } from "../tar.js";

/** What an Ais file holds: one model, a group of models, or a training set. */
export type AisKind = "model" | "group" | "set";

/** First bytes of files that are not read, and why. */
const refused: readonly { readonly starts: readonly string[]; readonly why: string }[] = [
  {
    // Protocols 2 to 5 of pickle begin with 0x80 and their number (Python, "pickletools").
    starts: ["\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"],
    why: "it is a Python pickle, as Ais's .scns segmentations are: reading one runs the code in it, so it is not read; export volumes and coordinates from Ais instead",
  },
  {
    starts: ["II*\0", "MM\0*", "II+\0", "MM\0+"],
    why: "it is a TIFF, as Ais's training sets were before format 1; save it again as .scnt with Ais 1.2",
  },
  {
    starts: ["\x89HDF\r\n"],
    why: "it is an HDF5 file, not the .scnm archive around it; give the .scnm",
  },
  { starts: ["\x1f\x8b"], why: "it is packed with gzip; unpack it first" },
];

const wanted = "an Ais file (.scnm, .scnmgroup or .scnt)";

/**
 * Tells what an Ais file holds.
 *
 * @throws PickbenchError Unsupported for a Python pickle, a TIFF and the like, BadDataset for what is none of Ais's files
 */
export async function aisKind(path: string): Promise<AisKind> {
  const start = await firstBytes(path);
  const reason = refused.find(({ starts }) => starts.some((each) => start.startsWith(each)));
  if (reason) throw new PickbenchError("Unsupported", `${path}: ${reason.why}`, { path });
  const archive = await openTar(path, wanted);
  await archive.close();
  const names = archive.members.map(({ name }) => name);
  const has = (ending: string) => names.some((name) => name.endsWith(ending));
  if (has("_weights.h5")) return "model";
  if (has(".scnm") && has("_interactions.json")) return "group";
  if (names.includes("metadata.json") && names.some((name) => name.startsWith("y/"))) return "set";
  throw new PickbenchError(
    "BadDataset",
    `${path}: it is a tar archive, but holds no Ais model, group or training set; give ${wanted}`,
    { path },
  );
}

async function firstBytes(path: string): Promise<string> {
  try {
    const file = await openFile(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
      return buffer.toString("latin1", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new PickbenchError("BadUsage", `${path}: it cannot be read (${messageOf(error)}); give ${wanted}`, {
      path,
      cause: error,
    });
  }
}
