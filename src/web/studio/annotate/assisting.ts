// What is asked of trained networks, and what has become of it.
import { computed, signal } from "@preact/signals";
import type { JobState } from "../../../studio/assist/jobs.js";
import { getJson, named, send, sentence } from "../api.js";
import { run, volume } from "../look/stage.js";
import { session } from "../session.js";
import { model, reload } from "./annotating.js";

/** A job with the curve of its losses. */
export type ShownJob = JobState & {
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
};
interface Assist {
  readonly models: readonly string[];
  readonly jobs: readonly ShownJob[];
}

export const assist = signal<Assist>({ models: [], jobs: [] });
/** Why networks and jobs could not be looked at the last time. */
export const unanswered = signal("");
/** Why what was asked last did not come to be. */
export const trouble = signal("");
export const chosenModel = signal<string | undefined>(undefined);

export const running = computed(() => assist.value.jobs.find(({ state }) => state === "running"));
/** The network that is chosen; the newest, if none was. */
export const modelName = computed(() =>
  assist.value.models.includes(chosenModel.value ?? "") ? chosenModel.value : assist.value.models[0],
);

/** Asks how networks and jobs are. */
export async function look(): Promise<void> {
  const before = running.value;
  try {
    assist.value = await getJson<Assist>("api/assist");
    unanswered.value = "";
  } catch (error) {
    unanswered.value = sentence(error);
    return;
  }
  const after = assist.value.jobs.find(({ id }) => id === before?.id);
  if (before?.kind === "suggest" && after?.state === "done") await reload();
  if (before?.kind === "train" && after?.state === "done") chosenModel.value = after.title;
}

/** Name of the tomogram that is looked at, without its spacing. */
function tomogramName(): string | undefined {
  const listed = session.value?.runs.find(({ name }) => name === run.value)?.volumes;
  return listed?.find(({ id }) => id === volume.value?.id)?.name.replace(/ at [\d.]+ Å$/, "");
}

/** Begins a job on what is looked at now, once its edits were sent. */
export async function begin(path: string, more: Readonly<Record<string, string | undefined>>): Promise<void> {
  const asked = { run: run.value, tomogram: tomogramName(), ...more };
  await tried(async () => {
    await model.value?.emptied();
    await send("POST", path, asked);
  });
}

/** Ends a job. */
export const stop = (id: string): Promise<void> => tried(() => send("DELETE", `api/assist/${named(id)}`));

/** Does what is asked, looks what came of it, and tells what kept it from being done. */
async function tried(work: () => Promise<unknown>): Promise<void> {
  trouble.value = "";
  try {
    await work();
  } catch (error) {
    trouble.value = sentence(error);
  }
  await look();
}

interface Scored {
  readonly rest: Readonly<Record<string, unknown>>;
}

export const scoreOf = ({ rest }: Scored): number => (typeof rest.score === "number" ? rest.score : 0);

/** Parts suggestions into those of at least a score, and the rest. */
export function byScore<Suggestion extends Scored>(
  open: readonly Suggestion[],
  least: number,
): [above: Suggestion[], below: Suggestion[]] {
  const isAbove = (each: Suggestion): boolean => scoreOf(each) >= least;
  return [open.filter(isAbove), open.filter((each) => !isAbove(each))];
}
