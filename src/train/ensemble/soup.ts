/** Soups: one network whose weights are the mean of several (Wortsman et al. 2022, "Model soups", ICML). */
import type { AnyNetwork, PredictNetwork } from "../../infer/predict/predictor.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson } from "../../system/files.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";

/** A checkpoint with its path. */
interface Ingredient {
  readonly path: string;
  readonly checkpoint: Pick<Checkpoint, "networks">;
}

/**
 * Checks that weights can be averaged. @throws PickbenchError BadCheckpoint where networks differ or were trained
 * elsewhere
 */
export function checkSameNetworks(ingredients: readonly Ingredient[]): void {
  const [first] = ingredients;
  for (const { path, checkpoint } of ingredients) {
    const external = checkpoint.networks.find((network) => "external" in network);
    if (external)
      throw new PickbenchError(
        "BadCheckpoint",
        `${path}: its network was trained elsewhere, and weights are averaged of our own alone; average probabilities instead`,
        { path },
      );
    const [got, wanted] = [checkpoint, first!.checkpoint].map(described);
    if (got !== wanted)
      throw new PickbenchError(
        "BadCheckpoint",
        `${path}: its networks (${got}) are not those of ${first!.path} (${wanted}), and only weights of the same network have a mean; average probabilities instead`,
        { path },
      );
  }
}

const described = ({ networks }: Pick<Checkpoint, "networks">): string =>
  networks
    .map((given) => {
      const { network, activation, channels, radii, share } = given as PredictNetwork;
      const { architecture, ...rest } = network;
      return `${architecture} ${canonicalJson({ ...rest, activation, channels, radii, share })}`;
    })
    .join(" + ");

/** Averages each tensor over checkpoints of the same networks, summed in 64 bits. */
export function soupOf(checkpoints: readonly Pick<Checkpoint, "networks">[]): AnyNetwork[] {
  return checkpoints[0]!.networks.map((network, at) => {
    const all = checkpoints.map(({ networks }) => networks[at] as PredictNetwork);
    const first = network as PredictNetwork;
    const weights = new Map(
      [...first.weights].map(([name, { length }]) => {
        const tensors = all.map((each) => each.weights.get(name)!);
        const mean = (i: number): number =>
          tensors.reduce((sum, tensor) => sum + tensor[i]!, 0) / tensors.length;
        return [name, Float32Array.from({ length }, (_, i) => mean(i))];
      }),
    );
    return { ...first, weights };
  });
}
