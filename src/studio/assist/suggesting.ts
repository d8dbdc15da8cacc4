/** Suggestions: what a trained network picks in a run, without what is annotated already. */
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { matchFraction, type Particle } from "../../domain/particles.js";
import { ownUserId, parsePicks } from "../../formats/copickPicks.js";
import { readText } from "../../system/paths/opening.js";
import type { HeldPick } from "../annotations/picksState.js";
import type { Annotations } from "../annotations/session.js";
import type { JobPlan } from "./jobs.js";
import type { KnownModel } from "./models.js";

type Suggestion = Omit<HeldPick, "id" | "status" | "isSuggestion">;

const session = "suggest";

/** What suggestions are made of. */
export interface SuggestRequest {
  readonly annotations: Annotations;
  readonly particles: readonly Particle[];
  /** Path behind `--data`. */
  readonly data: string;
  readonly run: string;
  /** The reconstruction that is looked at. */
  readonly tomogram: string;
  readonly model: KnownModel;
  /** Folder for the suggestions of this studio alone, of which the last job's are kept. */
  readonly folder: string;
  /** Flags of the commands besides, such as how many threads. */
  readonly flags: readonly string[];
}

/** Plans suggestions: the network predicts and picks, and what it finds is shown. */
export function suggestPlan(request: SuggestRequest): JobPlan {
  const { annotations, data, run, tomogram, model, flags } = request;
  const folder = join(request.folder, randomBytes(4).toString("hex"));
  const [maps, picks] = [join(folder, "maps"), join(folder, "picks")];
  const shared = ["--overwrite", "--quiet"];
  const predict = [
    "predict",
    model.path,
    "--data",
    data,
    "--runs",
    run,
    "--tomogram",
    tomogram,
    "--out",
    maps,
  ];
  const pick = ["pick", maps, "--checkpoint", model.path, "--session", session, "--out", picks];
  return {
    kind: "suggest",
    title: `picks of ${model.name} in ${run}`,
    folder,
    begin: () => rm(request.folder, { recursive: true, force: true }),
    calls: [
      { sentence: "predicts", args: [...predict, ...shared, ...flags] },
      { sentence: "picks", args: [...pick, ...shared] },
    ],
    done: async () => {
      const found = await pickedIn(join(picks, "ExperimentRuns", run, "Picks"), request.particles);
      await rm(maps, { recursive: true, force: true });
      const into = await annotations.run(run);
      const fresh = unanswered(found, into.state().picks, request.particles);
      const count = await into.suggest(fresh);
      const old = found.length - fresh.length;
      return `${count} suggested${old > 0 ? `, ${old} more lie where there is an answer already` : ""}`;
    },
  };
}

async function pickedIn(folder: string, particles: readonly Particle[]): Promise<Suggestion[]> {
  const files = new Set(await readdir(folder).catch(() => []));
  const found: Suggestion[] = [];
  for (const { name: type } of particles) {
    const file = `${ownUserId}_${session}_${type}.json`;
    if (!files.has(file)) continue;
    const path = join(folder, file);
    for (const { location, ...rest } of parsePicks(path, await readText(path)).points ?? [])
      found.push({ type, at: [location.x, location.y, location.z], rest });
  }
  return found;
}

/** Keeps suggestions that lie apart from picks of their type that were kept, deleted or rejected. */
export function unanswered(
  found: readonly Suggestion[],
  picks: readonly HeldPick[],
  particles: readonly Particle[],
): Suggestion[] {
  const radii = new Map(particles.map(({ name, radius }) => [name, radius]));
  const answered = picks.filter(({ status }) => status !== "suggested");
  return found.filter(
    ({ type, at }) =>
      !answered.some(
        (pick) =>
          pick.type === type &&
          Math.hypot(pick.at[0] - at[0], pick.at[1] - at[1], pick.at[2] - at[2]) <=
            matchFraction * (radii.get(type) ?? 0),
      ),
  );
}
