/** Plans of work in stages, each of which needs the one before it. */
import type { PlannedTask, Stage } from "../../../queue/plan.js";

/** Stages and tasks of a plan. */
export interface Planned {
  readonly stages: readonly Stage[];
  readonly tasks: readonly PlannedTask[];
}

/** Tasks that can be done at the same time. */
export interface StageTasks {
  readonly name: string;
  readonly tasks: readonly Omit<PlannedTask, "stage">[];
}

/** Plans stages, one after the other. */
export const planStages = (stages: readonly StageTasks[]): Planned => ({
  stages: stages.map(({ name }, at) => ({ name, after: at === 0 ? [] : [at - 1] })),
  tasks: stages.flatMap(({ tasks }, stage) =>
    tasks.map(({ name, argv, outputs }) => ({ name, stage, argv, outputs })),
  ),
});
