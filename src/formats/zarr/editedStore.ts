/** OME-Zarr folders of bytes whose chunks are changed one by one, such as masks that are painted. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Shape3, type Spacing3, voxelCount } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { makeFolders, replaced } from "../../system/paths/replacing.js";
import { openZarrArray } from "./array.js";
import { chunksOf } from "./chunkGrid.js";
import { chunkEncoder } from "./chunkWriter.js";
import { readIfThere } from "./omeDocument.js";
import { arrayMetadata, groupFiles } from "./writtenMetadata.js";

/** Grid of a store: voxels, Å per voxel and, where it is not 0, Å of the first voxel, along z, y, x. */
export interface EditedGrid {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  readonly translation?: readonly number[] | undefined;
}

/** A store of one level of uint8, in Zarr v2, a file a chunk. */
export interface EditedStore {
  readonly shape: Shape3;
  readonly chunkShape: Shape3;
  /** The file of a chunk. */
  fileOf(at: Shape3): string;
  /** Reads a chunk, whole even at the edges, in memory of its own. @throws BadDataset where it is damaged */
  read(at: Shape3): Promise<Uint8Array>;
  /** Replaces a chunk's file as a whole. */
  write(at: Shape3, voxels: Uint8Array): Promise<void>;
}

const chunk: Shape3 = [32, 128, 128];
const compressor = "blosc-lz4";

function metadataOf(shape: Shape3): readonly [name: string, text: string] {
  const fitting = shape.map((size, axis) => Math.min(size, chunk[axis]!)) as unknown as Shape3;
  const voxelType = "uint8";
  return arrayMetadata({
    format: 2,
    shape,
    chunk: fitting,
    compressor,
    channels: undefined,
    voxelType,
    sharded: false,
  });
}

/** Makes a store of zeros, whole or not at all. */
export async function createEditedStore(path: string, grid: EditedGrid): Promise<void> {
  const { shape, spacing, translation } = grid;
  const [name, text] = metadataOf(shape);
  const chunkShape = (JSON.parse(text) as { chunks: Shape3 }).chunks;
  const zeros = await chunkEncoder(compressor)(new Uint8Array(voxelCount(chunkShape)));
  await replaced(path, async (partial) => {
    await mkdir(join(partial, "0"), { recursive: true });
    const group = {
      format: 2,
      spacings: [spacing],
      channels: undefined,
      downsampling: "nearest",
      translation,
    } as const;
    for (const [file, content] of groupFiles(group)) await writeFile(join(partial, file), content);
    await writeFile(join(partial, "0", name), text);
    for (const [z, y, x] of chunksOf({ start: [0, 0, 0], end: shape }, chunkShape)) {
      const folder = join(partial, "0", String(z), String(y));
      await makeFolders(folder);
      await writeFile(join(folder, String(x)), zeros);
    }
  });
}

/**
 * Opens a store to change its chunks.
 *
 * @throws PickbenchError Unsupported where another program has written it in another form, BadDataset where it is of
 * another shape
 */
export async function openEditedStore(path: string, wanted: Shape3): Promise<EditedStore> {
  const folder = join(path, "0");
  const array = await openZarrArray(folder);
  if (array.shape.join() !== wanted.join())
    throw new PickbenchError(
      "BadDataset",
      `${path}: the mask has ${array.shape.join("×")} voxels (z×y×x), the tomogram ${wanted.join("×")}; give another --session, or another name`,
      { path },
    );
  const [name, text] = metadataOf(wanted);
  const there = (await readIfThere(join(folder, name))) ?? "";
  if (sameFields(there, text)) return storeOf(array, wanted);
  throw new PickbenchError(
    "Unsupported",
    `${path}: the mask was written by another program, in a form that cannot be painted on; give another --session, or another name`,
    { path },
  );
}

/** Tells whether metadata have all fields of others, with their values. */
function sameFields(there: string, wanted: string): boolean {
  try {
    const found = JSON.parse(there) as Record<string, unknown>;
    const fields = JSON.parse(wanted) as Record<string, unknown>;
    return Object.entries(fields).every(
      ([key, value]) => JSON.stringify(found[key]) === JSON.stringify(value),
    );
  } catch {
    return false;
  }
}

function storeOf(array: Awaited<ReturnType<typeof openZarrArray>>, shape: Shape3): EditedStore {
  const chunkShape = array.chunkShape as Shape3;
  const encode = chunkEncoder(compressor);
  return {
    shape,
    chunkShape,
    fileOf: array.chunkFile,
    async read(at) {
      const block = await array.readChunk(at);
      return block === undefined
        ? new Uint8Array(voxelCount(chunkShape))
        : Uint8Array.from(block.values as Uint8Array);
    },
    async write(at, voxels) {
      await writeWhole(array.chunkFile(at), await encode(voxels));
    },
  };
}
