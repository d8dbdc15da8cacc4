// Suggestions of a trained network, and trainings on what was annotated.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { goTo } from "../look/stage.js";
import { changed, chosen, model } from "./annotating.js";
import {
  assist,
  begin,
  byScore,
  chosenModel,
  look,
  modelName,
  running,
  type ShownJob,
  scoreOf,
  stop,
  trouble,
  unanswered,
} from "./assisting.js";
import { curvePath } from "./curve.js";
import { listenToKeys } from "./keys.js";

const budget = signal("10m");
const leastScore = signal(0.5);

const betweenLooks = 1000;

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
      {unanswered.value && <p class="failure">{unanswered.value}</p>}
      {trouble.value && <p class="failure">{trouble.value}</p>}
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

function Suggestions() {
  changed.value;
  const now = model.value;
  const open = (now?.picks ?? []).filter(({ status }) => status === "suggested");
  const [above, below] = byScore(open, leastScore.value);
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
    const those = word === "accept" ? above : below;
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
        <button type="button" disabled={below.length === 0} onClick={() => all("reject")}>
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
        <button type="button" onClick={() => void stop(id)}>
          stop
        </button>
      )}
    </section>
  );
}
