// The annotation of the run that is looked at: what is chosen, and which tool is in hand.
import { effect, signal } from "@preact/signals";
import type { HeldPick } from "../../../studio/annotations/picksState.js";
import type { RunState } from "../../../studio/annotations/runAnnotations.js";
import { getBytes, getJson, named, send, sentence } from "../api.js";
import { run } from "../look/stage.js";
import { session } from "../session.js";
import { Model, type PageMask } from "./model.js";
import type { Answer, Keeper } from "./outbox.js";

/** The annotation of the run; undefined where there is none to be had. */
export const model = signal<Model | undefined>(undefined);
/** Counts changes of the model. */
export const changed = signal(0);
/** Why the run's annotations could not be loaded. */
export const failure = signal("");

export type ToolName = "look" | "pick" | "brush" | "rub" | "fill" | "box";
export const toolName = signal<ToolName>("look");
/** The type that new picks have. */
export const type = signal("");
/** Id of the pick that is chosen. */
export const chosen = signal<string | undefined>(undefined);
/** The mask that is painted. */
export const maskName = signal<string | undefined>(undefined);
export const brush = signal({ radius: 4, isBall: false });
/** What fills stop at, and half the range of greys as a share of the contrast. */
export const filling = signal({ byGrey: false, share: 0.1 });
/** Slices that a box is deep. */
export const boxDepth = signal(1);
/** Whether a slice that is painted counts as annotated as a whole. */
export const isSliceKnown = signal(true);

/** Models of the runs that were looked at: their edits go on being sent. */
const models = new Map<string, Model>();

/** What this page is called among those that send edits; later pages come later in the order of names. */
const client = `${Date.now().toString(36)}-${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`;

export const chosenPick = (): HeldPick | undefined => {
  changed.value;
  return model.value?.pick(chosen.value);
};

/** The mask that is painted; the first one, if none was chosen. */
export const chosenMask = (): PageMask | undefined => {
  changed.value;
  return model.value?.mask(maskName.value) ?? model.value?.masks[0];
};

const changedNow = (): void => {
  changed.value++;
};

function keeper(): Keeper | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

function modelOf(name: string): Model {
  const there = models.get(name);
  if (there) return there;
  const { title = "", user = "", session: own = "", particles = [] } = session.value ?? {};
  const path = `api/runs/${named(name)}/annotations`;
  const made = new Model({
    name: [title, user, own, name].join("\n"),
    client,
    keeper: keeper(),
    types: new Set(particles.map((particle) => particle.name)),
    send: (edits) => send<Answer>("POST", `${path}/edits`, { edits }),
    load: () => getJson<RunState>(path),
    loadSlice: async (mask, axis, index) => {
      const { data } = await getBytes(`${path}/masks/${named(mask)}/${"zyx"[axis]}/${index}`);
      return new Uint8Array(data);
    },
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    changed: changedNow,
  });
  models.set(name, made);
  return made;
}

/** Loads the run's annotations anew, as when suggestions have come. */
export async function reload(): Promise<void> {
  const now = model.value;
  try {
    failure.value = "";
    await now?.load();
  } catch (error) {
    if (model.value === now) failure.value = sentence(error);
  }
}

/** Follows the run that is looked at. */
effect(() => {
  const name = run.value;
  if (!session.value?.isAnnotating || name === undefined) return;
  model.value = modelOf(name);
  chosen.value = undefined;
  if (type.peek() === "") type.value = session.value.particles[0]?.name ?? "";
  void reload();
});

/** Warns before a tab is closed whose edits the browser could not keep. */
addEventListener("beforeunload", (event) => {
  if ([...models.values()].some(({ sending }) => sending.waiting > 0 && !sending.isKept))
    event.preventDefault();
});
