/** Picking from ready maps after the rules of a feature set. */
import { join } from "node:path";
import { picksPath, writePicks } from "../../data/picks.js";
import { pickAll } from "../../features/pick/pickAll.js";
import { particlesOf } from "../../features/pick/pickRun.js";
import { openSources } from "../../features/segment/sources.js";
import { readFeatureSet } from "../../features/set/featureSet.js";
import { ownUserId } from "../../formats/copickPicks.js";
import type { PickingSettings } from "../../infer/pick/picking.js";
import type { PickedType } from "../../infer/pick/store.js";
import { checkLinks } from "../../system/paths/names.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { Reporter } from "../../system/reporter.js";

/** What is picked, and where to. */
export interface ConditionedPicking {
  /** Ready maps of all features of the set, by their names or channels. */
  readonly paths: readonly string[];
  /** Path of the feature set. */
  readonly features: string;
  readonly scale: number | undefined;
  readonly out: string;
  readonly session: string;
  readonly overwrite: boolean;
  /** Picking settings over the set's. */
  readonly flags: Partial<PickingSettings>;
}

/** Picks every particle of a set in every run of the maps, and writes copick's files. */
export async function pickConditioned(asked: ConditionedPicking, reporter: Reporter): Promise<PickedType[]> {
  const { paths, features, scale, out, session, overwrite, flags } = asked;
  const set = await readFeatureSet(features);
  const options = { engine: "onnx-cpu", threads: 1 } as const;
  const sources = await openSources({ set, instead: { paths, scale }, options, reporter });
  const author = { userId: ownUserId, sessionId: session };
  const types = [...particlesOf(set, flags).keys()];
  const places = sources.runs.flatMap(({ run }) => types.map((type) => picksPath(out, run, type, author)));
  await checkFree(places, overwrite, "another --out or --session");
  await checkLinks(out, places);
  const all: PickedType[] = [];
  const request = {
    set,
    sources,
    dataset: undefined,
    settings: "",
    scratch: join(out, ".scratch"),
    flags,
    reporter,
  };
  await pickAll(request, sources.runs, async ({ run }, picked) => {
    for (const { feature: type, picks, ...found } of picked)
      all.push({ run, type, ...found, path: await writePicks(out, run, type, picks, author) });
  });
  return all;
}
