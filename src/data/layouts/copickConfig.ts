/** copick configurations: finds the roots and particles behind a `--data` argument. */
import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { challengeParticles, type Particle } from "../../domain/particles.js";
import { angstrom } from "../../domain/units.js";
import { parseJson } from "../../formats/json.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { nameFault } from "../../system/paths/names.js";
import { readText } from "../../system/paths/opening.js";
import type { DataAccess } from "../model.js";
import { isRemote } from "../remote/address.js";
import { openMirror } from "../remote/mirror.js";
import { existingFolders, isFolder } from "./copickFolder.js";
import type { FoundData, Layout } from "./layout.js";
import { listRuns } from "./runs.js";

/** A copick configuration: any file that is no volume. */
export const copickConfig: Layout = {
  recognise: async (path, { access }) => ((await isFolder(path)) ? undefined : readProject(path, access)),
};

/** A name that becomes part of a path. */
const fileName = z.string().superRefine((name, context) => {
  const fault = nameFault(name);
  if (fault !== undefined)
    context.addIssue(`${JSON.stringify(name.slice(0, 60))} cannot be part of a file's name: ${fault}`);
});

const objectsSchema = z.array(
  z.looseObject({
    name: fileName,
    is_particle: z.boolean().nullish(),
    radius: z.number().positive().nullish(),
    color: z.array(z.number().int().min(0).max(255)).min(3).max(4).nullish(),
    label: z.number().int().positive().nullish(),
    pdb_id: z.string().nullish(),
    metadata: z.looseObject({ score_weight: z.number().min(0).nullish() }).nullish(),
  }),
);

const configSchema = z.looseObject({
  config_type: z.string().nullish(),
  overlay_root: z.string().nullish(),
  static_root: z.string().nullish(),
  pickable_objects: objectsSchema,
});

/** Reads roots and particles of a copick configuration; roots are local folders, `https://` or `s3://`. */
async function readProject(path: string, access: DataAccess): Promise<FoundData> {
  const config = await readConfig(path);
  if ((config.config_type ?? "filesystem") !== "filesystem")
    throw new PickbenchError(
      "Unsupported",
      `${path}: config_type is ${config.config_type}; wanted filesystem: download the data first`,
      { path },
    );
  const root = config.overlay_root ?? config.static_root;
  if (root === undefined || root === null)
    throw new PickbenchError("BadDataset", `${path}: neither overlay_root nor static_root; give one`, {
      path,
    });
  const overlay = await localRoot(path, root, access);
  const wanted =
    config.static_root === undefined || config.static_root === null
      ? [overlay]
      : [overlay, await localRoot(path, config.static_root, access)];
  const roots = await existingFolders([...new Set(wanted)]);
  if (roots.length === 0)
    throw new PickbenchError(
      "BadDataset",
      wanted.length === 1
        ? `${path}: its only root, ${wanted[0]}, is no folder; make it, or name the folder that holds ExperimentRuns`
        : `${path}: neither ${wanted.join(" nor ")} is a folder; name the folders that hold ExperimentRuns`,
      { path },
    );
  return {
    root: path,
    overlay,
    roots,
    ...knownOf(path, config.pickable_objects),
    runs: await listRuns(roots),
  };
}

/** Particles of a configuration, and its objects that have labels. */
type KnownObjects = Required<Pick<FoundData, "particles" | "objects">>;

const knownOf = (path: string, objects: readonly PickableObject[]): KnownObjects => ({
  particles: particlesOf(path, objects),
  objects: objects.flatMap(({ name, label }) => (label ? [{ name, label }] : [])),
});

/** Reads copick's pickable objects as they stand in another document. @throws BadDataset where they are none */
export function readPickableObjects(path: string, value: unknown): KnownObjects {
  const parsed = objectsSchema.safeParse(value);
  if (parsed.success) return knownOf(path, parsed.data);
  const [issue] = parsed.error.issues;
  throw new PickbenchError(
    "BadDataset",
    `${path}: pickable_objects.${issue!.path.join(".")}: ${issue!.message}; mend the file`,
    { path },
  );
}

async function readConfig(path: string): Promise<z.infer<typeof configSchema>> {
  try {
    return configSchema.parse(parseJson(await readText(path), { path }));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const reason = issue ? `${issue.path.join(".") || "the document"}: ${issue.message}` : messageOf(error);
    throw new PickbenchError("BadDataset", `${path}: not a copick configuration: ${reason}`, {
      path,
      cause: error,
    });
  }
}

/** Returns the local folder of a root; for a server's root, its mirror. */
const localRoot = async (configPath: string, root: string, access: DataAccess): Promise<string> =>
  isRemote(root) ? (await openMirror(root, access)).tree : localPath(configPath, root);

/** Returns the folders on this machine that a copick configuration names as its roots; none for other files. */
export async function localRootsOf(path: string): Promise<string[]> {
  const config = await readConfig(path).catch(() => undefined);
  const roots = [config?.overlay_root, config?.static_root].filter((root) => typeof root === "string");
  return [...new Set(roots.filter((root) => !isRemote(root)).map((root) => localPath(path, root)))];
}

/** Returns the local folder of a root, relative to the configuration and without `local://` or `file://`. */
function localPath(configPath: string, root: string): string {
  const protocol = /^([a-z0-9+.-]+):\/\//i.exec(root)?.[1]?.toLowerCase();
  if (protocol === "file") return fileURLToPath(root);
  if (protocol !== undefined && protocol !== "local")
    throw new PickbenchError(
      "Unsupported",
      `${configPath}: root ${root} is not on this machine; wanted local://…, https://… or s3://…: download the data first`,
      { path: configPath },
    );
  const plain = protocol === undefined ? root : root.slice("local://".length);
  return isAbsolute(plain) ? plain : resolve(dirname(configPath), plain);
}

/** Reads the particles of a copick configuration, whose roots need not be there. @throws BadDataset where it is none */
export const readCopickParticles = async (path: string): Promise<Particle[]> =>
  particlesOf(path, (await readConfig(path)).pickable_objects);

type PickableObject = z.infer<typeof objectsSchema>[number];

/**
 * Reads the particles of a configuration; for known names, missing fields are the challenge's. An object's weight in
 * the score is `score_weight` of its metadata, which copick leaves free for other programs.
 */
function particlesOf(path: string, objects: readonly PickableObject[]): Particle[] {
  const particles = objects
    .filter((object) => object.is_particle !== false)
    .map((object): Particle => {
      const known = challengeParticles.find((particle) => particle.name === object.name);
      const radius = object.radius ?? known?.radius;
      if (radius === undefined)
        throw new PickbenchError(
          "BadDataset",
          `${path}: ${object.name} has no radius; write it in Å, or take the object out`,
          {
            path,
          },
        );
      const [red = 128, green = 128, blue = 128] = object.color ?? known?.colour ?? [];
      return {
        name: object.name,
        radius: angstrom(radius),
        weight: object.metadata?.score_weight ?? known?.weight ?? 1,
        colour: [red, green, blue],
        ...(object.label ? { label: object.label } : {}),
        ...(object.pdb_id ? { pdbId: object.pdb_id } : {}),
      };
    });
  checkDistinct(path, "name", particles);
  checkDistinct(path, "label", particles);
  if (particles.length === 0)
    throw new PickbenchError("BadDataset", `${path}: pickable_objects names no particle`, { path });
  return particles;
}

/** Checks that no two particles share a name or a label. @throws PickbenchError BadDataset */
function checkDistinct(path: string, key: "name" | "label", particles: readonly Particle[]): void {
  const seen = new Set<string | number>();
  for (const { [key]: value } of particles) {
    if (value === undefined) continue;
    if (seen.has(value))
      throw new PickbenchError(
        "BadDataset",
        `${path}: ${key} ${value} is listed twice; give every particle its own`,
        { path },
      );
    seen.add(value);
  }
}
