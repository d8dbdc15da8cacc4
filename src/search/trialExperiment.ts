/** Experiments of trials: the searched values set in the base experiment. */
import { isPickbenchError, PickbenchError } from "../system/errors.js";
import { checkExperiment } from "../train/experiment/experiment.js";
import { featuresFromExperiment } from "../train/experiment/features.js";
import { furtherFromExperiment } from "../train/experiment/furtherData.js";
import { fromExperiment } from "../train/experiment/networkChoice.js";
import { placeAt } from "../train/experiment/placeAt.js";
import type { Experiment } from "../train/experiment/schema.js";
import type { SearchParameter } from "../train/experiment/searchSpace.js";
import { startFromExperiment } from "../train/experiment/startChoice.js";
import { type TrialValues, valueText } from "./parameters.js";

/**
 * Returns the experiment with these values at their paths, under another name.
 *
 * @param origin the searched experiment's file, which networks' files are relative to
 * @throws PickbenchError BadExperiment where a path does not exist or the experiment's schema refuses a value
 */
export function withValues(base: Experiment, values: TrialValues, name: string, origin: string): Experiment {
  const content = structuredClone(base);
  for (const [path, given] of Object.entries(values)) {
    const value = movedFrom(origin, path, given);
    placeAt(content, path, value, ({ prefix }) => {
      throw nowhere(path, prefix, origin);
    });
  }
  return checkExperiment({ ...content, name }, origin);
}

/** Returns a value whose paths are relative to the searched experiment's file, as relative to the working directory. */
function movedFrom(origin: string, path: string, value: unknown): unknown {
  if (path === "network") return fromExperiment(origin, value);
  if (path === "features") return featuresFromExperiment(origin, value);
  if (path === "data") return furtherFromExperiment(origin, value);
  return path === "from" || path === "from.checkpoint" ? startFromExperiment(origin, value) : value;
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
