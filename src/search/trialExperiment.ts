/** Experiments of trials: the searched values set in the base experiment. */
import { relative, resolve } from "node:path";
import { stringify } from "yaml";
import { isPickbenchError, PickbenchError } from "../system/errors.js";
import { checkExperiment } from "../train/experiment/experiment.js";
import { fromExperiment } from "../train/experiment/networkChoice.js";
import type { Experiment } from "../train/experiment/schema.js";
import type { SearchParameter } from "../train/experiment/searchSpace.js";
import { type TrialValues, valueText } from "./parameters.js";

/**
 * Returns the experiment with these values at their paths, under another name.
 *
 * @param origin the searched experiment's file, which networks' files are relative to
 * @throws PickbenchError BadExperiment where a path does not exist or the experiment's schema refuses a value
 */
export function withValues(base: Experiment, values: TrialValues, name: string, origin: string): Experiment {
  const content = structuredClone(base) as unknown as Record<string, unknown>;
  for (const [path, value] of Object.entries(values))
    place(content, path, path === "network" ? fromExperiment(origin, value) : value, origin);
  return checkExperiment({ ...content, name }, origin);
}

function place(content: Record<string, unknown>, path: string, value: unknown, origin: string): void {
  const keys = path.split(".");
  const last = keys.pop()!;
  let at: unknown = content;
  for (const [depth, key] of keys.entries())
    at = step(at, key, keys.slice(0, depth + 1).join("."), path, origin);
  if (Array.isArray(at)) step(at, last, path, path, origin);
  if (at === null || typeof at !== "object") throw nowhere(path, keys.join("."), origin);
  (at as Record<string, unknown>)[last] = value;
}

function step(from: unknown, key: string, prefix: string, path: string, origin: string): unknown {
  if (from === null || typeof from !== "object" || !Object.hasOwn(from, key))
    throw nowhere(path, prefix, origin);
  return (from as Record<string, unknown>)[key];
}

const nowhere = (path: string, prefix: string, origin: string): PickbenchError =>
  new PickbenchError(
    "BadExperiment",
    `${origin}: ${prefix === path ? "" : `${path}: `}the experiment has no ${prefix}; name one of its keys`,
    { path: origin },
  );

/**
 * Checks the parameters' paths and outermost values.
 * @throws PickbenchError BadExperiment, naming the first parameter that the experiment refuses
 */
export function checkParameters(
  base: Experiment,
  parameters: readonly SearchParameter[],
  origin: string,
): void {
  for (const parameter of parameters) {
    const { path } = parameter;
    const values = parameter.kind === "choice" ? parameter.values : [parameter.low, parameter.high];
    for (const value of values)
      try {
        withValues(base, { [path]: value }, base.name, origin);
      } catch (error) {
        if (!isPickbenchError(error)) throw error;
        const why = error.message.replace(`${origin}: `, "");
        throw new PickbenchError(
          "BadExperiment",
          `${origin}: search.${path} cannot be ${valueText(value)}: ${why}`,
          { path: origin, cause: error },
        );
      }
  }
}

/** Returns the name of a trial's experiment, within the length allowed for names. */
export const trialName = (base: Experiment, ending: string): string => `${base.name.slice(0, 54)}-${ending}`;

/** Writes the experiment as YAML for a file in `folder`, with comment lines above. */
export function experimentYaml(experiment: Experiment, folder: string, comment: readonly string[]): string {
  const { network } = experiment;
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
  return `${comment.map((line) => `# ${line}\n`).join("")}${stringify({ ...experiment, network: moved })}`;
}
