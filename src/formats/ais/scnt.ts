/** Ais's training sets, `.scnt` of format 1: a tar archive of boxes and their labels as MRC files, with two JSON files. */
import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";
import { checkLimit } from "../../system/limits.js";
import { parseJson } from "../json.js";
import { mrcHeaderBytes, mrcHeaderSize, parseMrcHeader } from "../mrc/header.js";
import { encodeTar, openTar, type TarArchive } from "../tar.js";

const metadataSchema = z.looseObject({
  format_version: z.literal(1),
  /** Å per pixel. */
  apix: z.number().positive(),
  box_size: z.number().int().min(1),
  box_depth: z.number().int().min(1),
  features: z.array(z.string()),
  /** Folder of the boxes that the labels were drawn on, such as x_main. */
  annotated_flavour: z.string(),
});
/** What a training set says of itself. */
type ScntMetadata = z.infer<typeof metadataSchema>;

const sourcesSchema = z.record(
  z.string(),
  z.looseObject({
    aisTomogramName: z.string().optional(),
    aisBoxCoordinateZ: z.number().optional(),
    aisBoxCoordinateY: z.number().optional(),
    aisBoxCoordinateX: z.number().optional(),
  }),
);

/** A box of a training set. */
export interface ScntBox {
  /** The 16 hexadecimal digits by which its files are named. */
  readonly id: string;
  /** Tomogram that it was cut from; empty where the set does not say. */
  readonly tomogram: string;
}

/** A training set, whose boxes are read one by one. */
export interface TrainingSet {
  readonly metadata: ScntMetadata;
  /** Boxes in order of tomogram and place. */
  readonly boxes: readonly ScntBox[];
  /** Kinds of input, the annotated one first; each has every box. */
  readonly flavours: readonly string[];
  /** Kinds of input that lack boxes, and are left out. */
  readonly partial: readonly string[];
  /** Reads a box of a flavour, (depth, y, x). */
  image(flavour: string, box: ScntBox): Promise<Float32Array>;
  /** Reads a box's labels, (y, x): 0 no, 1 yes, 2 unknown. */
  label(box: ScntBox): Promise<Float32Array>;
  close(): Promise<void>;
}

const labels = "y/";
const inputs = /^(x_[^/]+)\/([^/]+)\.mrc$/;
const aSet = "an Ais training set (.scnt)";

/**
 * Opens a training set.
 *
 * @throws PickbenchError BadDataset where the archive is damaged or lacks something
 */
export async function openScnt(path: string): Promise<TrainingSet> {
  const archive = await openTar(path, aSet);
  try {
    return await setIn(archive);
  } catch (error) {
    await archive.close();
    throw error;
  }
}

async function setIn(archive: TarArchive): Promise<TrainingSet> {
  const { path, members } = archive;
  const byName = new Map(members.map((member) => [member.name, member]));
  const json = async <S extends z.ZodType>(name: string, schema: S): Promise<z.infer<S>> => {
    const member = byName.get(name);
    if (!member) throw bad(path, `it holds no ${name}`);
    checkLimit("headerBytes", member.size, { what: `${path}: its ${name}`, path });
    const text = (await archive.read(member)).toString("utf8");
    return checked(schema, parseJson(text, { path, what: `its ${name} is` }), path, name);
  };
  const metadata = await json("metadata.json", metadataSchema);
  const sources = byName.has("sources.json") ? await json("sources.json", sourcesSchema) : {};
  const ids = members.flatMap(({ name }) =>
    name.startsWith(labels) && name.endsWith(".mrc") ? [name.slice(labels.length, -".mrc".length)] : [],
  );
  if (ids.length === 0) throw bad(path, "it holds no labels (y/*.mrc)");
  const boxes = ids
    .map((id) => ({ id, tomogram: sources[id]?.aisTomogramName ?? "", place: placeOf(sources[id]) }))
    .sort((a, b) => byPlace(a, b))
    .map(({ id, tomogram }): ScntBox => ({ id, tomogram }));
  const annotated = metadata.annotated_flavour;
  const all = [...new Set(members.flatMap(({ name }) => inputs.exec(name)?.[1] ?? []))].sort();
  const isWhole = (flavour: string) => ids.every((id) => byName.has(`${flavour}/${id}.mrc`));
  if (!isWhole(annotated))
    throw bad(path, `its ${annotated}, on which it was annotated, lacks boxes that have labels`);
  const { box_size: size, box_depth: depth } = metadata;
  const read = async (name: string, shape: readonly [number, number, number]) => {
    const member = byName.get(name)!;
    checkLimit("chunkBytes", member.size, { what: `${path}: its ${name}`, path });
    return floatsOf(`${path}, ${name}`, await archive.read(member), shape);
  };
  return {
    metadata,
    boxes,
    flavours: [annotated, ...all.filter((each) => each !== annotated && isWhole(each))],
    partial: all.filter((each) => !isWhole(each)),
    image: (flavour, { id }) => read(`${flavour}/${id}.mrc`, [depth, size, size]),
    label: ({ id }) => read(`${labels}${id}.mrc`, [1, size, size]),
    close: () => archive.close(),
  };
}

type Source = z.infer<typeof sourcesSchema>[string] | undefined;

const placeOf = (source: Source): readonly number[] => [
  source?.aisBoxCoordinateZ ?? 0,
  source?.aisBoxCoordinateY ?? 0,
  source?.aisBoxCoordinateX ?? 0,
];

interface Placed {
  readonly id: string;
  readonly tomogram: string;
  readonly place: readonly number[];
}

function byPlace(a: Placed, b: Placed): number {
  if (a.tomogram !== b.tomogram) return a.tomogram < b.tomogram ? -1 : 1;
  const axis = a.place.findIndex((value, at) => value !== b.place[at]);
  return axis < 0 ? (a.id < b.id ? -1 : 1) : a.place[axis]! - b.place[axis]!;
}

const bad = (path: string, what: string, cause?: unknown): PickbenchError =>
  new PickbenchError("BadDataset", `${path}: ${what}; give ${aSet} as Ais 1.2 writes it`, { path, cause });

function checked<S extends z.ZodType>(schema: S, content: unknown, path: string, name: string): z.infer<S> {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const { path: keys, message } = parsed.error.issues[0]!;
  throw bad(
    path,
    `${keys.join(".") || "the whole"} of its ${name} cannot be taken (${message})`,
    parsed.error,
  );
}

/** Decodes a box's MRC file: float32, columns along x, as mrcfile writes it. */
function floatsOf(path: string, bytes: Buffer, shape: readonly [number, number, number]): Float32Array {
  const wanted = [...shape].reverse();
  if (bytes.length < mrcHeaderSize) throw bad(path, "it is no whole MRC file");
  const { mode, counts, axes, extendedSize, littleEndian } = parseMrcHeader(path, bytes);
  const first = mrcHeaderSize + extendedSize;
  const count = shape[0] * shape[1] * shape[2];
  if (
    mode !== 2 ||
    axes.join() !== "1,2,3" ||
    counts.join() !== wanted.join() ||
    bytes.length < first + 4 * count
  )
    throw bad(
      path,
      `it is of ${counts.join("×")} voxels of mode ${mode}, wanted ${wanted.join("×")} of mode 2`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset + first, 4 * count);
  const values = Float32Array.from({ length: count }, (_, at) => view.getFloat32(4 * at, littleEndian));
  if (values.every(Number.isFinite)) return values;
  throw new PickbenchError("NotFinite", `${path}: it holds NaN or infinity; cut the box from another place`, {
    path,
  });
}

/** A box to be written. */
export interface WrittenBox {
  readonly id: string;
  readonly image: Float32Array;
  readonly label: Float32Array;
  readonly source: Readonly<Record<string, string | number | boolean>>;
}

/** What holds for all boxes of a set to be written. */
export interface WrittenSet {
  /** Å per pixel. */
  readonly apix: number;
  readonly size: number;
  readonly depth: number;
  readonly feature: string;
}

const mainFlavour = "x_main";

/** Encodes a training set of format 1, with one kind of input. */
export function encodeScnt({ apix, size, depth, feature }: WrittenSet, boxes: readonly WrittenBox[]): Buffer {
  const metadata = {
    format_version: 1,
    apix,
    box_size: size,
    box_depth: depth,
    features: [feature],
    n_samples: boxes.length,
    input_flavours: [mainFlavour],
    annotated_flavour: mainFlavour,
  };
  const sources = Object.fromEntries(boxes.map(({ id, source }) => [id, source]));
  const files = new Map<string, Uint8Array>([
    ["metadata.json", Buffer.from(JSON.stringify(metadata, null, 2))],
    ["sources.json", Buffer.from(JSON.stringify(sources, null, 2))],
  ]);
  for (const { id, image, label } of boxes) {
    files.set(`${mainFlavour}/${id}.mrc`, mrcOf(image, [size, size, depth], apix));
    files.set(`${labels}${id}.mrc`, mrcOf(label, [size, size, 1], apix));
  }
  return encodeTar(files);
}

function mrcOf(values: Float32Array, counts: readonly [number, number, number], apix: number): Buffer {
  let [least, greatest, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
    sum += value;
  }
  const mean = sum / values.length;
  const deviation = Math.sqrt(
    values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length,
  );
  const header = mrcHeaderBytes({
    mode: 2,
    littleEndian: true,
    counts,
    voxelSize: [apix, apix, apix],
    volumes: 1,
    start: [0, 0, 0],
    origin: [0, 0, 0],
    extendedSize: 0,
    extendedType: "",
    label: "pickbench",
    statistics: { least, greatest, mean, deviation },
  });
  const body = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) body.writeFloatLE(value, 4 * at);
  return Buffer.concat([header, body]);
}
