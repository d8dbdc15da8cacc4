/** Where the steps of a workflow stand before it is run, as a list and as a graph. */
import type { Graph, NodeState } from "../present/graphs/graph.js";
import type { PlannedStep, WorkflowPlan } from "./plan.js";
import { type Choice, chosenSteps } from "./run.js";
import { staleness, thisProgram } from "./upToDate.js";

/** Where a step stands. */
export interface StepStanding {
  readonly step: PlannedStep;
  /** Undefined where it was not asked for. */
  readonly state: Extract<NodeState, "current" | "stale" | "waiting"> | undefined;
  /** In a few words. */
  readonly why: string;
}

/** Finds out which steps are up to date; what a step makes that will be done is not known before. */
export async function standingsOf(plan: WorkflowPlan, choice: Choice = {}): Promise<StepStanding[]> {
  const chosen = chosenSteps(plan, choice);
  const program = choice.anyProgram ? undefined : await thisProgram();
  const open = new Set<string>();
  const found: StepStanding[] = [];
  for (const step of plan.steps) {
    const { name } = step;
    const first = step.needs.map((need) => need.step).filter((need) => open.has(need));
    const isAgain = choice.again?.includes(name) === true;
    if (!chosen.has(name)) found.push({ step, state: undefined, why: "not asked for" });
    else if (first.length > 0) found.push({ step, state: "waiting", why: `after ${first.join(", ")}` });
    else {
      const stale = isAgain ? { why: "asked for again" } : await staleness(step, program);
      found.push({ step, state: stale ? "stale" : "current", why: stale?.why ?? "up to date" });
    }
    const { state } = found.at(-1)!;
    if (state === "stale" || state === "waiting") open.add(name);
  }
  return found;
}

/** The steps as boxes, each with its command, what it writes and where it stands. */
export function workflowGraph(standings: readonly StepStanding[]): Graph {
  return {
    nodes: standings.map(({ step, state, why }) => ({
      id: step.name,
      title: step.name,
      lines: [
        `${step.argv[0]} → ${step.writes.map(({ path }) => path).join(", ")}`,
        ...(why === "" ? [] : [why]),
      ],
      state,
    })),
    edges: standings.flatMap(({ step }) => step.needs.map((need) => [need.step, step.name] as const)),
  };
}
