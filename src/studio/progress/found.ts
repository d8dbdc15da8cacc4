/** Finds trainings and plans below the folders that were opened. */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { hashOf } from "../../system/files.js";

/** What a folder of trainings is: one training, its folds, or the trials of a search. */
export type TrainingKind = "run" | "folds" | "search";

/** A folder in which something was trained, or is. */
export interface FoundTraining {
  /** Name in addresses: the same as long as the folder has its path. */
  readonly id: string;
  /** Path from the folder that was opened, whose own name it begins with. */
  readonly name: string;
  readonly path: string;
  readonly kind: TrainingKind;
  /** Id of the folds or the search that it is a part of. */
  readonly parent: string | undefined;
}

/** A folder with a plan of a queue. */
export interface FoundPlan {
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

/** What lies below the opened folders. */
export interface Found {
  readonly trainings: readonly FoundTraining[];
  readonly plans: readonly FoundPlan[];
  /** Whether there are more folders than are looked into. */
  readonly isCut: boolean;
}

const mostFolders = 4000;
const deepest = 6;

/** Folders of data, of which there are many and in which nobody trains. */
const leftOut: readonly string[] = [
  ...["ExperimentRuns", "static", "overlay", "snapshots", "overlays", "picks", "entries", "images"],
  ...["tensorboard", "node_modules", "states", "logs"],
];

/** A folder that is to be looked into. */
interface Step {
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly parent: string | undefined;
}

/** Looks for trainings and plans in folders and below them, in the order of their names. Links are not followed. */
export async function findProgress(roots: readonly string[]): Promise<Found> {
  const trainings = new Map<string, FoundTraining>();
  const plans = new Map<string, FoundPlan>();
  const seen = new Set<string>();
  const left: Step[] = roots
    .map((root) => resolve(root))
    .map((path) => ({ path, name: basename(path), depth: 0, parent: undefined }));
  while (left.length > 0 && seen.size < mostFolders) {
    const step = left.shift()!;
    if (seen.has(step.path)) continue;
    seen.add(step.path);
    const entries = await readdir(step.path, { withFileTypes: true }).catch(() => []);
    const id = idOf(step.path);
    const kind = kindOf(entries);
    if (kind) trainings.set(id, { id, name: step.name, path: step.path, kind, parent: step.parent });
    if (["plan.json", "tasks.jsonl"].every((name) => entries.some((each) => each.name === name)))
      plans.set(id, { id, name: step.name, path: step.path });
    if (step.depth < deepest) left.push(...below(step, entries, kind && id));
  }
  return { ...{ trainings: byName(trainings), plans: byName(plans) }, isCut: left.length > 0 };
}

const idOf = (path: string): string => hashOf(path).slice(0, 16);

const byName = <T extends { readonly name: string }>(found: ReadonlyMap<string, T>): T[] =>
  [...found.values()].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));

const isFold = (name: string): boolean => /^fold-\d+$/.test(name);

function kindOf(entries: readonly Dirent[]): TrainingKind | undefined {
  const has = (name: string): boolean => entries.some((entry) => entry.name === name);
  if (entries.some((entry) => entry.isDirectory() && isFold(entry.name))) return "folds";
  if (has("trials") && (has("search.lock") || has("search.json") || !has("record.json"))) return "search";
  return has("record.json") || has("log.jsonl") || has("last.safetensors") || has("trial.json")
    ? "run"
    : undefined;
}

function below({ path, name, depth }: Step, entries: readonly Dirent[], id: string | undefined): Step[] {
  return entries
    .filter(
      (entry) =>
        entry.isDirectory() &&
        !entry.name.startsWith(".") &&
        !entry.name.endsWith(".zarr") &&
        !leftOut.includes(entry.name),
    )
    .map((entry) => ({
      path: join(path, entry.name),
      name: `${name}/${entry.name}`,
      depth: entry.name === "trials" ? depth : depth + 1,
      parent: id ?? (basename(path) === "trials" ? idOf(join(path, "..")) : undefined),
    }));
}
