// The view of trainings: which there are, their curves as they grow, how each came about.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Grown } from "../../../studio/progress/logFollower.js";
import type { RecordRow } from "../../../studio/progress/made.js";
import type { Training } from "../../../studio/progress/training.js";
import type { TrainingList } from "../../../studio/progress/trainings.js";
import { address, addressText } from "../address.js";
import { addressOf, getJson, isStill, named, sentence } from "../api.js";
import { LineChart } from "./chart.js";
import { askedOf, type DrawnLine, figuresIn, grownBy, type KnownLog, linesOf, usual } from "./curveData.js";
import { whileSeen } from "./polling.js";
import "./progress.css";

const list = signal<TrainingList | undefined>(undefined);
const failure = signal("");
/** Ids of trainings whose curves are drawn. */
const drawn = signal<ReadonlySet<string>>(new Set());
const logs = signal<ReadonlyMap<string, KnownLog>>(new Map());
/** Figures that are drawn. */
const figures = signal<ReadonlySet<string>>(new Set(usual));

/** Time in ms between looks. */
const pauses = { list: 3000, curves: 2000 };
/** Curves that are drawn where nobody has chosen any. */
const mostAtFirst = 6;

async function lookAtList(signal: AbortSignal): Promise<void> {
  try {
    const isFirst = list.value === undefined;
    list.value = await getJson<TrainingList>("api/trainings", signal);
    failure.value = "";
    if (isFirst) drawn.value = new Set(atFirst(list.value.trainings));
  } catch (error) {
    if (!signal.aborted) failure.value = sentence(error);
  }
}

/** What runs, else what began last. */
function atFirst(trainings: readonly Training[]): string[] {
  const logged = trainings.filter(({ hasLog }) => hasLog);
  const running = logged.filter(({ state }) => state === "running");
  const latest = logged.toSorted((a, b) => ((a.startedAt ?? "") < (b.startedAt ?? "") ? 1 : -1)).slice(0, 1);
  return (running.length > 0 ? running : latest).slice(0, mostAtFirst).map(({ id }) => id);
}

async function lookAtCurves(signal: AbortSignal): Promise<void> {
  for (const id of drawn.value) {
    try {
      const known = logs.value.get(id);
      const grown = await getJson<Grown>(
        `api/trainings/${named(id)}/curves${isStill ? "" : askedOf(known)}`,
        signal,
      );
      const isSame = known?.version === grown.version && known.lines === grown.lines && !grown.isWhole;
      if (!isSame) logs.value = new Map(logs.value).set(id, grownBy(known, grown));
    } catch (error) {
      if (!signal.aborted) failure.value = sentence(error);
    }
  }
}

export function Runs() {
  const chosen = address.value.names[0];
  useEffect(() => whileSeen(lookAtList, pauses.list), []);
  useEffect(() => whileSeen(lookAtCurves, pauses.curves), [drawn.value]);
  const trainings = list.value?.trainings;
  const focus = trainings?.find(({ id }) => id === chosen);
  return (
    <section class="progress-view" aria-label="trainings">
      {failure.value && <p class="failure">{failure.value}</p>}
      {trainings?.length === 0 && <p class="starting">Nothing was trained in what was opened.</p>}
      {trainings && trainings.length > 0 && <TrainingTable trainings={trainings} />}
      {list.value?.isCut && <p>There are more folders than are looked into; open the ones that you mean.</p>}
      <Curves />
      {focus && <Made key={focus.id} training={focus} />}
    </section>
  );
}

function draw(ids: readonly string[], isDrawn: boolean): void {
  const next = new Set(drawn.value);
  for (const id of ids) {
    if (isDrawn) next.add(id);
    else next.delete(id);
  }
  drawn.value = next;
}

function TrainingTable({ trainings }: { readonly trainings: readonly Training[] }) {
  return (
    <div class="wide-table">
      <table class="fact-table">
        <thead>
          <tr>
            {[
              "curves",
              "training",
              "state",
              "step",
              "loss",
              "tune score",
              "score",
              "architecture",
              "budget",
            ].map((head) => (
              <th key={head}>{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {trainings.map((training) => (
            <TrainingRow
              key={training.id}
              training={training}
              parts={trainings.filter(({ parent, hasLog }) => parent === training.id && hasLog)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly training: Training;
  /** Folds or trials of it that have curves. */
  readonly parts: readonly Training[];
}

function TrainingRow({ training, parts }: RowProps) {
  const { id, name, state, why, kind } = training;
  const ids = kind === "run" ? [id] : parts.map((part) => part.id);
  const isDrawn = ids.length > 0 && ids.every((each) => drawn.value.has(each));
  const hasCurves = kind === "run" ? training.hasLog : parts.length > 0;
  return (
    <tr class={training.parent === null ? undefined : "training-part"} data-training={name}>
      <td>
        {hasCurves && (
          <input
            type="checkbox"
            aria-label={`curves of ${name}`}
            checked={isDrawn}
            onChange={() => draw(ids, !isDrawn)}
          />
        )}
      </td>
      <th scope="row">
        <a href={addressText("runs", [id])}>{name}</a>
        {kind !== "run" && ` (${kind === "folds" ? "folds" : "search"})`}
        {training.values && <small> {training.values}</small>}
        {why && <p class="failure">{why}</p>}
      </th>
      <td>
        <span class={`standing ${state.replace(" ", "-")}`}>{state}</span>
      </td>
      <td class="number">{training.steps ?? ""}</td>
      <td class="number">{shown(training.loss)}</td>
      <td class="number">{shown(training.tuneScore)}</td>
      <td class="number">{shown(training.score)}</td>
      <td>{training.network ?? ""}</td>
      <td>{training.budget ?? ""}</td>
    </tr>
  );
}

const shown = (value: number | null): string => (value === null ? "" : value.toFixed(4));

function Curves() {
  const trainings = (list.value?.trainings ?? []).filter(({ id }) => drawn.value.has(id));
  const known = trainings.flatMap((training) => {
    const log = logs.value.get(training.id);
    return log ? [{ label: training.name, log }] : [];
  });
  if (known.length === 0) return null;
  const all = figuresIn(known.map(({ log }) => log));
  const notes = known.flatMap(({ label, log }) => log.notes.map((note) => `${label}: ${note}`));
  return (
    <section aria-label="curves">
      {notes.map((note) => (
        <p key={note} class="failure">
          {note}
        </p>
      ))}
      <div class="curve-charts">
        {all
          .filter((figure) => figures.value.has(figure))
          .map((figure) => {
            const lines: DrawnLine[] = known.flatMap(({ label, log }) => linesOf(log, figure, label));
            return <LineChart key={figure} title={figure} across="step" lines={lines} />;
          })}
      </div>
      <FigureChoice all={all} />
      <p class="log-lines" role="status">
        {known.map(({ label, log }) => `${label}: ${log.lines} lines of its log`).join(", ")}
      </p>
    </section>
  );
}

function FigureChoice({ all }: { readonly all: readonly string[] }) {
  return (
    <details class="figure-choice">
      <summary>
        Figures ({all.filter((figure) => figures.value.has(figure)).length} of {all.length})
      </summary>
      {all.map((figure) => (
        <label key={figure}>
          <input
            type="checkbox"
            checked={figures.value.has(figure)}
            onChange={() => {
              const next = new Set(figures.value);
              if (!next.delete(figure)) next.add(figure);
              figures.value = next;
            }}
          />{" "}
          {figure}
        </label>
      ))}
    </details>
  );
}

/** How a training came about: its record, its report, the chain that led to it. */
function Made({ training: { id, name, hasReport } }: { readonly training: Training }) {
  const path = `api/trainings/${named(id)}`;
  const [rows, setRows] = useState<readonly RecordRow[]>([]);
  const [wrong, setWrong] = useState("");
  const [trace, setTrace] = useState("");
  useEffect(() => {
    getJson<{ rows: RecordRow[] }>(`${path}/record`).then(
      (found) => setRows(found.rows),
      (error: unknown) => setWrong(sentence(error)),
    );
  }, [path]);
  const showTrace = (): void => {
    getJson<{ text: string }>(`${path}/trace`).then(
      ({ text }) => setTrace(text),
      (error: unknown) => setTrace(sentence(error)),
    );
  };
  return (
    <section class="training-made" aria-label={`record of ${name}`}>
      <h2>{name}</h2>
      <p class="page-ways">
        {hasReport && !isStill && (
          <a href={addressOf(`${path}/report`)} target="_blank" rel="noreferrer">
            report
          </a>
        )}
        {!isStill && (
          <button type="button" onClick={showTrace}>
            trace to the raw files
          </button>
        )}
      </p>
      {wrong && <p class="failure">{wrong}</p>}
      <dl>
        {rows.map(([what, says], at) => (
          <div key={`${at} ${what}`}>
            <dt>{what}</dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
      {trace && (
        <>
          <pre class="trace-text">{trace}</pre>
          <img
            class="trace-drawing"
            src={addressOf(`${path}/trace.svg`)}
            alt={`the chain that led to ${name}`}
          />
        </>
      )}
    </section>
  );
}
