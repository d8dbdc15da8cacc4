/** What was found in a run that is finished, so that a stopped search of many goes on with the next one. */
import { z } from "zod";
import { angstrom } from "../domain/units.js";
import { parseJson } from "../formats/json.js";
import { writeWhole } from "../system/files.js";
import { readText } from "../system/paths/opening.js";
import type { MatchedRun } from "./matchRuns.js";

const number = z.number();
const length = number.transform(angstrom);
const template = z.strictObject({
  ...{ run: z.string(), template: z.string(), picks: number, cutOff: number, std: number, greatest: number },
  ...{ voxels: number, rotations: number, seconds: number, processorSeconds: number, blocks: number },
  singleVoxels: number,
});
const pick = z.strictObject({
  ...{ x: length, y: length, z: length, score: number },
  rotation: z.tuple([number, number, number, number, number, number, number, number, number]),
});
const stateSchema = z.strictObject({
  /** Hash of all that the result depends on. */
  key: z.string(),
  run: z.string(),
  templates: z.array(template),
  picks: z.array(z.tuple([z.string(), z.array(pick)])),
});

/** Reads the state of a run; undefined where there is none, a damaged one, or one of another search. */
export async function readRunState(path: string, key: string): Promise<MatchedRun | undefined> {
  try {
    const state = stateSchema.parse(parseJson(await readText(path), { path }));
    return state.key === key ? { ...state, picks: new Map(state.picks) } : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the state of a run that is finished. */
export const writeRunState = (path: string, key: string, { picks, ...matched }: MatchedRun): Promise<void> =>
  writeWhole(path, JSON.stringify({ key, ...matched, picks: [...picks] }));
