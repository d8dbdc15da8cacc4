/** The YAML of experiments, written. */
import { stringify } from "yaml";
import { featuresForFolder } from "./features.js";
import { networkForFolder } from "./networkChoice.js";
import type { Experiment } from "./schema.js";
import { startForFolder } from "./startChoice.js";

/** Where every key is explained, for the end of a message. */
export const reference = "pickbench experiment new writes every key with its meaning";

/** Writes the experiment as YAML for a file in `folder`, with comment lines above. */
export function experimentYaml(experiment: Experiment, folder: string, comment: readonly string[]): string {
  const { network, from, features } = experiment;
  return `${comment.map((line) => `# ${line}\n`).join("")}${stringify({
    ...experiment,
    network: networkForFolder(folder, network),
    from: from && startForFolder(folder, from),
    ...(features && { features: featuresForFolder(folder, features) }),
  })}`;
}
