/** The schema of workflows: what their YAML may say, each key with its meaning. */
import { z } from "zod";

/** Names of fields and steps: they stand in references, and a step's in the name of its log. */
const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,59}$/, { error: "a name of letters, digits, - and _, a letter first" });

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** A value that a step or a field may have. */
export type Scalar = z.infer<typeof scalar>;

const path = z.string().min(1);

export const fieldTypes = ["string", "number", "boolean", "path", "choice"] as const;

const fieldSchema = z
  .strictObject({
    type: z.enum(fieldTypes).describe("`string`, `number`, `boolean`, `path` or `choice`"),
    describe: z.string().min(1).optional().describe("what it is, for whoever is asked for it"),
    default: scalar.optional().describe("its value where none is given; without it, one must be given"),
    choices: z.array(z.string().min(1)).min(1).optional().describe("the values of a `choice`"),
  })
  .describe(
    "a value that `--set NAME=VALUE` gives, and that steps take by its name in braces behind a dollar sign",
  );

const stepSchema = z
  .strictObject({
    run: z.string().min(1).describe("a command of pickbench, such as `submit`"),
    describe: z.string().min(1).optional().describe("what the step is for"),
    with: z
      .record(z.string(), z.union([scalar, z.array(scalar)]))
      .default({})
      .describe(
        "the command's arguments and flags by their names, without dashes; texts may hold references",
      ),
    after: z
      .array(name)
      .default([])
      .describe("steps that must have ended before, where no file of theirs is read"),
    queue: z
      .boolean()
      .default(false)
      .describe("whether it is handed to a queue, where the workflow is run with one; else it is done here"),
    prints: path
      .optional()
      .describe("file for what the command prints, as its scores; `prints` names it in references"),
  })
  .describe("a step: one call of a command");

/** Most steps that one workflow has. */
export const mostSteps = 1000;

export const workflowSchema = z.strictObject({
  description: z.string().min(1).optional().describe("what the workflow does, in a sentence"),
  fields: z.record(name, fieldSchema).default({}).describe("values that are asked for, by their names"),
  steps: z
    .record(name, stepSchema)
    .refine((steps) => Object.keys(steps).length > 0, { error: "at least one step" })
    .refine((steps) => Object.keys(steps).length <= mostSteps, { error: `at most ${mostSteps} steps` })
    .describe("the steps, by their names"),
});

/** A workflow's content, with all defaults. */
export type WorkflowContent = z.infer<typeof workflowSchema>;
export type Field = z.infer<typeof fieldSchema>;
export type Step = z.infer<typeof stepSchema>;
