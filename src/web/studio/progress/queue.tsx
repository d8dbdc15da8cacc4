// Queues: where the tasks of plans stand, and what they say.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { PlanStatus } from "../../../studio/progress/plans.js";
import { getJson, named, sentence } from "../api.js";
import { whileSeen } from "./polling.js";
import "./progress.css";

const plans = signal<readonly PlanStatus[] | undefined>(undefined);
const failure = signal("");
const pause = 5000;

async function look(signal: AbortSignal): Promise<void> {
  try {
    plans.value = await getJson<PlanStatus[]>("api/plans", signal);
    failure.value = "";
  } catch (error) {
    if (!signal.aborted) failure.value = sentence(error);
  }
}

export function Queue() {
  useEffect(() => whileSeen(look, pause), []);
  return (
    <section class="progress-view" aria-label="queues">
      {failure.value && <p class="failure">{failure.value}</p>}
      {plans.value?.length === 0 && (
        <p class="starting">No plan of a queue lies in what was opened; commands with --queue make them.</p>
      )}
      {plans.value?.map((plan) => (
        <Plan key={plan.id} plan={plan} />
      ))}
    </section>
  );
}

function Plan({ plan }: { readonly plan: PlanStatus }) {
  const { name, command, queue, tasks, why, stages, told } = plan;
  return (
    <section class="board" aria-label={name}>
      <h2>{name}</h2>
      {command && (
        <p>
          {command}, {queue}, {tasks} tasks
        </p>
      )}
      {why && <p class="failure">{why}</p>}
      {stages.map((stage) => (
        <Stage key={stage.name} {...stage} />
      ))}
      {told.length > 0 && (
        <div class="wide-table">
          <table class="fact-table">
            <thead>
              <tr>
                {["task", "name", "stage", "status", "attempts", "job", "what", "log"].map((head) => (
                  <th key={head}>{head}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {told.map((task) => (
                <TaskRow key={task.id} plan={plan} task={task} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Stage({ name, counts }: PlanStatus["stages"][number]) {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const text = Object.entries(counts)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");
  return (
    <p class="queue-stage">
      <span>
        {name}: {text}
      </span>
      <span class="share-bar" role="img" aria-label={text}>
        {Object.entries(counts).map(([status, count]) => (
          <span key={status} class={`standing ${status}`} style={{ width: `${(100 * count) / all}%` }} />
        ))}
      </span>
    </p>
  );
}

interface TaskProps {
  readonly plan: PlanStatus;
  readonly task: PlanStatus["told"][number];
}

function TaskRow({ plan, task }: TaskProps) {
  const [log, setLog] = useState<string | undefined>(undefined);
  const read = (): void => {
    if (log !== undefined) {
      setLog(undefined);
      return;
    }
    getJson<{ text: string }>(`api/plans/${named(plan.id)}/tasks/${task.id}/log`).then(
      ({ text }) => setLog(text === "" ? "it has said nothing" : text),
      (error: unknown) => setLog(sentence(error)),
    );
  };
  return (
    <>
      <tr>
        <td class="number">{task.id}</td>
        <th scope="row">{task.name}</th>
        <td>{task.stage}</td>
        <td>
          <span class={`standing ${task.status}`}>{task.status}</span>
        </td>
        <td class="number">{task.attempts}</td>
        <td>{task.job ?? ""}</td>
        <td>{task.message ?? task.reason ?? ""}</td>
        <td>
          <button type="button" aria-expanded={log !== undefined} onClick={read}>
            {log === undefined ? "show" : "hide"}
          </button>
        </td>
      </tr>
      {log !== undefined && (
        <tr>
          <td colSpan={8}>
            <pre class="trace-text">{log}</pre>
          </td>
        </tr>
      )}
    </>
  );
}
