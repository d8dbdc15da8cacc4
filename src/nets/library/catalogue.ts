/** The table of architectures, and networks as plain data that names one of them or the user's own file. */
import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";
import { suggestion } from "../../system/nearest.js";
import { type Architecture, buildNetwork, type Network } from "../architecture.js";
import { codeOfHash, runCode } from "../architectureFile.js";
import { baseline, baselineResidual } from "./baseline.js";
import { convnextUnet } from "./convnextUnet.js";
import { deepfinder } from "./deepfinder.js";
import { densevnet } from "./densevnet.js";
import { dynunet } from "./dynunet.js";
import { eman2 } from "./eman2.js";
import { inceptionnet } from "./inceptionnet.js";
import { pix2pix } from "./pix2pix.js";
import { plain } from "./plain.js";
import { resnet } from "./resnet.js";
import { resnet34Unet } from "./resnet34Unet.js";
import { segresnet } from "./segresnet.js";
import { seUnet } from "./seUnet.js";
import { unet } from "./unet.js";
import { unet25d } from "./unet25d.js";
import { unet350k } from "./unet350k.js";
import { vggnet } from "./vggnet.js";
import { vnet } from "./vnet.js";
import { voxresnet } from "./voxresnet.js";

/** All architectures of the library, in the order in which they are listed. */
export const architectures: readonly Architecture[] = [
  baseline,
  plain,
  baselineResidual,
  unet350k,
  resnet34Unet,
  segresnet,
  dynunet,
  voxresnet,
  densevnet,
  unet25d,
  convnextUnet,
  deepfinder,
  seUnet,
  vnet,
  eman2,
  inceptionnet,
  unet,
  vggnet,
  resnet,
  pix2pix,
];

/**
 * Returns the library's architecture of a name.
 *
 * @throws PickbenchError BadExperiment for an unknown name
 */
export function architectureNamed(name: string): Architecture {
  const found = architectures.find((architecture) => architecture.name === name);
  if (found) return found;
  const known = architectures.map((architecture) => architecture.name);
  const meant = suggestion(name, known);
  throw new PickbenchError(
    "BadExperiment",
    `network ${JSON.stringify(name)} is not known${meant === "" ? ";" : meant} choose one of ${known.join(", ")}`,
  );
}

/**
 * Schema of a network as plain data, which goes to worker threads and into checkpoints. Its keys stand as a trained
 * network has them, so that a checkpoint that is read and written again keeps its bytes.
 */
export const networkSpecSchema = z.strictObject({
  /** Name of the architecture, in the library or in its file. */
  architecture: z.string(),
  slices: z.number().int().min(1).optional(),
  /** The user's own file that declares the architecture. */
  file: z.strictObject({ path: z.string(), sha256: z.string() }).optional(),
  outputs: z.number().int().min(1),
  stride: z.union([z.literal(1), z.literal(2)]).optional(),
});
export type NetworkSpec = Readonly<z.infer<typeof networkSpecSchema>>;

/**
 * Builds the network of a specification. Its own file, where it names one, is run only if it has the hash that the
 * specification holds; whether it may be run at all, whoever makes the specification decides.
 *
 * @throws PickbenchError BadExperiment where the library has no such architecture, or its file cannot be used or has
 * changed
 */
export async function loadNetwork(spec: NetworkSpec): Promise<Network> {
  if (!spec.file) return buildNetwork(architectureNamed(spec.architecture), spec);
  const { path, sha256 } = spec.file;
  const code = await codeOfHash(path, sha256);
  if (code) return buildNetwork(await runCode(code, spec.outputs), spec);
  throw new PickbenchError(
    "BadExperiment",
    `${path}: the architecture's file has changed since ${spec.architecture} was trained; put back the file whose SHA-256 begins with ${sha256.slice(0, 12)}`,
    { path },
  );
}
