/** An experiment written as YAML. */
import { relative, resolve } from "node:path";
import { stringify } from "yaml";
import type { Experiment } from "./schema.js";
import { startForFolder } from "./startChoice.js";

/** Writes the experiment as YAML for a file in `folder`, with comment lines above. */
export function experimentYaml(experiment: Experiment, folder: string, comment: readonly string[]): string {
  const { network, from } = experiment;
  const moved =
    typeof network === "object"
      ? Object.fromEntries(
          Object.entries(network).map(([key, value]) =>
            key === "file" || key === "onnx"
              ? [key, relative(resolve(folder), resolve(value as string))]
              : [key, value],
          ),
        )
      : network;
  return `${comment.map((line) => `# ${line}\n`).join("")}${stringify({ ...experiment, network: moved, from: from && startForFolder(from, folder) })}`;
}
