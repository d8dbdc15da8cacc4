import { engineNames } from "../engines/engine.js";

/** `--engine`, the same wherever a network is run. */
export const engineOption = {
  choices: ["auto", ...engineNames],
  describe:
    "what trains and predicts, over the experiment's; `pickbench engines` lists what this machine has",
} as const;
