// Suggestions of a trained network, and trainings on what was annotated.
import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JobState } from "../../../studio/assist/jobs.js";
import { getJson, named, send, sentence } from "../api.js";
import { goTo, run, volume } from "../look/stage.js";
import { session } from "../session.js";
import { changed, chosen, model, reload } from "./annotating.js";
import { curvePath } from "./curve.js";
import { listenToKeys } from "./keys.js";

/** A job with the curve of its losses. */
type ShownJob = JobState & { readonly curve: readonly { readonly step: number; readonly loss: number }[] };
interface Assist {
  readonly models: readonly string[];
  readonly jobs: readonly ShownJob[];
}

const assist = signal<Assist>({ models: [], jobs: [] });
const failure = signal("");
const chosenModel = signal<string | undefined>(undefined);
const budget = signal("10m");
const leastScore = signal(0.5);

const betweenLooks = 1000;
const running = computed(() => assist.value.jobs.find(({ state }) => state === "running"));
/** The network that is chosen; the newest, if none was. */
const modelName = computed(() =>
  assist.value.models.includes(chosenModel.value ?? "") ? chosenModel.value : assist.value.models[0],
);

async function look(): Promise<void> {
  const before = running.value;
  try {
    assist.value = await getJson<Assist>("api/assist");
    failure.value = "";
  } catch (error) {
    failure.value = sentence(error);
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

async function begin(path: string, more: Readonly<Record<string, string | undefined>>): Promise<void> {
  try {
    failure.value = "";
    await model.value?.emptied();
    await send("POST", path, { run: run.value, tomogram: tomogramName(), ...more });
  } catch (error) {
    failure.value = sentence(error);
    return;
  }
  await look();
}

export function AssistPanel() {
  useEffect(() => {
    void look();
    const deaf = listenToKeys();
    const timer = setInterval(() => running.value && void look(), betweenLooks);
    return () => {
      clearInterval(timer);
      deaf();
    };
  }, []);
  const { models, jobs } = assist.value;
  return (
    <div class="annotate">
      {failure.value && <p class="failure">{failure.value}</p>}
      <label>
        network
        <select
          value={modelName.value}
          onChange={(event) => {
            chosenModel.value = event.currentTarget.value;
          }}
        >
          {models.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <p class="buttons">
        <button
          type="button"
          disabled={running.value !== undefined || modelName.value === undefined}
          onClick={() => void begin("api/assist/suggest", { model: modelName.value })}
        >
          suggest picks
        </button>
      </p>
      <Suggestions />
      <Train />
      {jobs.toReversed().map((job) => (
        <Job key={job.id} job={job} />
      ))}
    </div>
  );
}

const scoreOf = ({ rest }: { readonly rest: Readonly<Record<string, unknown>> }): number =>
  typeof rest.score === "number" ? rest.score : 0;

function Suggestions() {
  changed.value;
  const now = model.value;
  const open = (now?.picks ?? []).filter(({ status }) => status === "suggested");
  const above = open.filter((pick) => scoreOf(pick) >= leastScore.value);
  const at = open.find(({ id }) => id === chosen.value);
  const show = (pick: (typeof open)[number] | undefined): void => {
    if (!pick) return;
    chosen.value = pick.id;
    goTo({ x: pick.at[0], y: pick.at[1], z: pick.at[2] });
  };
  const answer = (word: "accept" | "reject"): void => {
    if (!now || !at) return;
    const next = open[open.indexOf(at) + 1] ?? open[0];
    now.act(word, [{ do: word, id: at.id }]);
    show(next === at ? undefined : next);
  };
  const all = (word: "accept" | "reject"): void => {
    const those = word === "accept" ? above : open;
    now?.act(
      `${word} ${those.length}`,
      those.map(({ id }) => ({ do: word, id })),
    );
  };
  return (
    <fieldset>
      <legend>Suggestions</legend>
      <p role="status" aria-label="suggestions">
        {open.length} open
      </p>
      <p class="buttons">
        <button
          type="button"
          disabled={open.length === 0}
          onClick={() => show(open[at ? (open.indexOf(at) + 1) % open.length : 0])}
        >
          next suggestion
        </button>
        <button type="button" disabled={!at} onClick={() => answer("accept")}>
          accept this
        </button>
        <button type="button" disabled={!at} onClick={() => answer("reject")}>
          reject this
        </button>
      </p>
      {at && (
        <p class="quiet">
          {at.type}, score {scoreOf(at).toPrecision(3)}
        </p>
      )}
      <label>
        score of at least
        <input
          type="number"
          min={0}
          max={1}
          step={0.05}
          value={leastScore.value}
          onInput={(event) => {
            const value = event.currentTarget.valueAsNumber;
            if (Number.isFinite(value)) leastScore.value = value;
          }}
        />
      </label>
      <p class="buttons">
        <button type="button" disabled={above.length === 0} onClick={() => all("accept")}>
          accept all {above.length}
        </button>
        <button type="button" disabled={open.length === 0} onClick={() => all("reject")}>
          reject the rest
        </button>
      </p>
    </fieldset>
  );
}

function Train() {
  return (
    <fieldset>
      <legend>Train on this</legend>
      <label>
        for
        <input
          value={budget.value}
          size={10}
          aria-label="length of the training"
          title="a time such as 10m, or 200 steps"
          onInput={(event) => {
            budget.value = event.currentTarget.value;
          }}
        />
      </label>
      <p class="buttons">
        <button
          type="button"
          disabled={running.value !== undefined}
          onClick={() => void begin("api/assist/train", { model: modelName.value, budget: budget.value })}
        >
          train, begun with {modelName.value}
        </button>
        <button
          type="button"
          disabled={running.value !== undefined}
          onClick={() => void begin("api/assist/train", { budget: budget.value })}
        >
          train from nothing
        </button>
      </p>
    </fieldset>
  );
}

function Job({ job }: { readonly job: ShownJob }) {
  const { id, title, state, curve } = job;
  const last = curve.at(-1);
  return (
    <section class="job" aria-label={title} data-state={state}>
      <p>
        <strong>{title}</strong> {state}: {job.sentence}
        {last && `, step ${last.step}, loss ${last.loss.toPrecision(3)}`}
      </p>
      {curve.length > 1 && (
        <svg viewBox="0 0 100 30" role="img" aria-label={`losses of ${title}`}>
          <path d={curvePath(curve, 100, 30)} />
        </svg>
      )}
      {state === "running" && (
        <button type="button" onClick={() => void send("DELETE", `api/assist/${named(id)}`).then(look, look)}>
          stop
        </button>
      )}
    </section>
  );
}
