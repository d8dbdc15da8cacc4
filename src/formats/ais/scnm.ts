/** Ais's model files: `.scnm`, a tar archive of Keras weights and a JSON description, and `.scnmgroup`, one of models. */
import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";
import { checkLimit } from "../../system/limits.js";
import { parseJson } from "../json.js";
import { encodeTar, openTar, type TarArchive, type TarMember, tarOf } from "../tar.js";

/** Keys of a model's description that say how it is used; Ais writes more, for its screen and its memory. */
const metadataSchema = z.looseObject({
  title: z.string().min(1),
  /** Red, green and blue, 0 to 1. */
  colour: z.tuple([z.number(), z.number(), z.number()]).rest(z.number()),
  /** Å per pixel; −1 where Ais did not know it. */
  apix: z.number(),
  /** Pixels a side of the boxes that it was trained on. */
  box_size: z.number().int().min(1),
  /** Slices that it sees. Its architecture's number, `model_enum`, differs by Ais's version, and is not read. */
  model_depth: z.number().int().min(1).default(1),
  threshold: z.number().min(0).max(1),
  overlap: z.number().min(0).lt(1),
  emit: z.boolean(),
  absorb: z.boolean(),
});
/** What an Ais model says of itself. */
export type AisMetadata = z.infer<typeof metadataSchema>;

/** A model as its archive holds it. */
export interface AisModel {
  readonly metadata: AisMetadata;
  /** A whole Keras model in HDF5. */
  readonly weights: Uint8Array;
}

const linkSchema = z.object({
  parent_title: z.string(),
  partner_title: z.string(),
  /** 0 colocalises, 1 avoids. */
  type: z.union([z.literal(0), z.literal(1)]),
  /** nm */
  radius: z.number().min(0),
  threshold: z.number().min(0).max(1),
});
/** A rule between two models of a group, by their titles. */
export type AisInteraction = z.infer<typeof linkSchema>;

/** A group as its archive holds it. */
export interface AisGroup {
  /** Models in the group's order, by their files' names. */
  readonly models: ReadonlyMap<string, AisModel>;
  readonly interactions: readonly AisInteraction[];
}

const weightsEnding = "_weights.h5";
const metadataEnding = "_metadata.json";
const modelEnding = ".scnm";
const interactionsEnding = "_interactions.json";
const aModel = "an Ais model (.scnm)";
const aGroup = "a group of Ais models (.scnmgroup)";

/**
 * Reads a model.
 *
 * @throws PickbenchError BadDataset where the archive is damaged, or lacks weights, description or a key of it
 */
export async function readScnm(path: string): Promise<AisModel> {
  const archive = await openTar(path, aModel);
  try {
    return await modelIn(archive);
  } finally {
    await archive.close();
  }
}

async function modelIn(archive: TarArchive): Promise<AisModel> {
  const { path } = archive;
  const description = await wholeMember(archive, only(archive, metadataEnding, aModel));
  const weights = await wholeMember(archive, only(archive, weightsEnding, aModel));
  const content = parseJson(description.toString("utf8"), { path, what: "its description is" });
  return { metadata: checked(metadataSchema, content, path, "description"), weights };
}

/** Reads a group. @throws as `readScnm`, and where its models are of one title, or rules name one that it lacks */
export async function readScnmGroup(path: string): Promise<AisGroup> {
  const archive = await openTar(path, aGroup);
  try {
    const files = archive.members.filter(({ name }) => name.endsWith(modelEnding)).sort(byNumber);
    if (files.length === 0) throw lacks(path, `*${modelEnding}`, aGroup);
    const models = new Map<string, AisModel>();
    for (const file of files) {
      const bytes = await wholeMember(archive, file);
      models.set(file.name, await modelIn(await tarOf(bytes, `${path}, ${file.name}`, aModel)));
    }
    const text = (await wholeMember(archive, only(archive, interactionsEnding, aGroup))).toString("utf8");
    const content = parseJson(text, { path, what: "its interactions are" });
    const interactions = checked(z.array(linkSchema), content, path, "interactions");
    checkTitles(path, [...models.values()], interactions);
    return { models, interactions };
  } finally {
    await archive.close();
  }
}

/** Orders `a_model_10.scnm` after `a_model_9.scnm`. */
const byNumber = (a: TarMember, b: TarMember): number =>
  a.name.localeCompare(b.name, "en", { numeric: true });

/** Rules name models by title: of equal titles Ais takes the last, and unknown ones it drops without a word. */
function checkTitles(
  path: string,
  models: readonly AisModel[],
  interactions: readonly AisInteraction[],
): void {
  const bad = (what: string) => new PickbenchError("BadDataset", `${path}: ${what}`, { path });
  const titles = models.map(({ metadata }) => metadata.title);
  const doubled = titles.find((title, at) => titles.indexOf(title) < at);
  if (doubled !== undefined)
    throw bad(`two of its models have the title ${JSON.stringify(doubled)}; rename one in Ais`);
  for (const { parent_title, partner_title } of interactions)
    for (const title of [parent_title, partner_title])
      if (!titles.includes(title))
        throw bad(
          `an interaction names the model ${JSON.stringify(title)}, and the group holds ${titles.join(", ")}; save the group again in Ais`,
        );
}

const lacks = (path: string, ending: string, what: string, count = 0): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${path}: it holds ${count === 0 ? "no" : count} ${ending.startsWith("*") ? ending : `*${ending}`}, wanted one; give ${what} as it was written`,
    { path },
  );

/** Returns the member whose name has this ending. */
function only({ path, members }: TarArchive, ending: string, what: string): TarMember {
  const found = members.filter(({ name }) => name.endsWith(ending));
  if (found.length === 1) return found[0]!;
  throw lacks(path, ending, what, found.length);
}

function wholeMember(archive: TarArchive, member: TarMember): Promise<Buffer> {
  const { path } = archive;
  checkLimit("checkpointBytes", member.size, { what: `${path}: its member ${member.name}`, path });
  return archive.read(member);
}

/** @throws PickbenchError BadDataset naming the first key that is missing or of another kind */
function checked<S extends z.ZodType>(schema: S, content: unknown, path: string, what: string): z.infer<S> {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const { path: keys, message } = parsed.error.issues[0]!;
  throw new PickbenchError(
    "BadDataset",
    `${path}: ${keys.length === 0 ? `its ${what}` : `${keys.join(".")} of its ${what}`} is not as Ais writes it (${message}); save it again in Ais`,
    { path, cause: parsed.error },
  );
}

/** All keys that Ais reads of a model, in its order. */
export interface WrittenMetadata {
  readonly title: string;
  readonly colour: readonly [number, number, number];
  readonly apix: number;
  readonly boxSize: number;
  readonly depth: number;
  readonly architecture: string;
  readonly threshold: number;
  readonly parameters: number;
  readonly info: string;
}

/** Numbers of architectures in Ais 1.2.0, by our names; Ais builds from the weights file, and shows the number's name. */
const enumeration: Readonly<Record<string, number>> = {
  eman2: 3,
  inceptionnet: 4,
  pix2pix: 5,
  resnet: 9,
  unet: 10,
  vggnet: 12,
};

function metadataOf(of: WrittenMetadata): object {
  return {
    title: of.title,
    colour: of.colour,
    apix: of.apix,
    compiled: true,
    box_size: of.boxSize,
    model_depth: of.depth,
    model_enum: enumeration[of.architecture] ?? 0,
    epochs: 1,
    batch_size: 32,
    active: true,
    blend: false,
    show: true,
    alpha: 0.75,
    threshold: of.threshold,
    overlap: 0.2,
    active_tab: 0,
    n_parameters: of.parameters,
    n_copies: 10,
    info: of.info,
    info_short: of.info,
    excess_negative: 30,
    emit: false,
    absorb: false,
    loss: 0,
  };
}

/** Encodes a model file; `base` begins its members' names. Equal models make equal bytes, but for HDF5's. */
export const encodeScnm = (base: string, metadata: WrittenMetadata, weights: Uint8Array): Buffer =>
  encodeTar(
    new Map([
      [`${base}${weightsEnding}`, weights],
      [`${base}${metadataEnding}`, Buffer.from(JSON.stringify(metadataOf(metadata)))],
    ]),
  );

/** Encodes a group of models, each a whole `.scnm`, with no rules between them. */
export const encodeScnmGroup = (base: string, models: readonly Uint8Array[]): Buffer =>
  encodeTar(
    new Map<string, Uint8Array>([
      ...models.map((bytes, at): [string, Uint8Array] => [`${base}_model_${at}${modelEnding}`, bytes]),
      [`${base}${interactionsEnding}`, Buffer.from("[]")],
    ]),
  );
