/** What a task is given of a cluster: processors, memory, time, partition and further flags of sbatch. */
import { LineCounter } from "yaml";
import { z } from "zod";
import { messageOf, PickbenchError } from "../system/errors.js";
import { readText } from "../system/paths/opening.js";
import { describeIssues, mistakesText } from "../system/schema/issues.js";
import { plainContent, syntaxFault, yamlDocument } from "../system/schema/yaml.js";

const reference = "docs/queue.md explains every key";

/** Flags that the queue gives sbatch itself. */
const ownFlags = [
  ...["array", "begin", "chdir", "dependency", "error", "export-file", "help", "input", "job-name"],
  ...["kill-on-invalid-dep", "no-requeue", "ntasks", "open-mode", "output", "parsable", "requeue", "signal"],
  ...["test-only", "usage", "version", "wait", "wrap"],
];

const flag = z
  .string()
  .regex(
    /^--[a-z][a-z-]*(?:=[^\0\n]+)?$/,
    "expected a long flag with its value behind =, such as --account=lab",
  )
  .refine(
    (text) => !ownFlags.includes(/^--([a-z-]+)/.exec(text)?.[1] ?? ""),
    "expected no flag that the queue sets itself, such as --array, --output or --dependency",
  );

export const profileSchema = z.strictObject({
  cpus: z
    .int("expected a whole number")
    .min(1)
    .optional()
    .describe("processors a task; as many as it has threads if absent"),
  memory: z
    .string()
    .regex(/^[1-9]\d*[KMGT]?$/, "expected a size such as 16G; MB where no letter stands behind")
    .optional()
    .describe("memory a task, such as 16G; the partition's own if absent"),
  time: z
    .string()
    .regex(
      /^\d+(?::\d\d){0,2}$|^\d+-\d+(?::\d\d){0,2}$/,
      "expected minutes, H:MM:SS or D-HH:MM:SS, such as 4:00:00",
    )
    .optional()
    .describe(
      "longest time a task, as Slurm takes it: minutes, H:MM:SS or D-HH:MM:SS; the partition's own if absent",
    ),
  partition: z
    .string()
    .regex(/^[^\s,=-][^\s=]*$/, "expected a partition's name")
    .optional()
    .describe("where tasks run, one or several separated by commas; Slurm's own choice if absent"),
  sbatch: z
    .array(flag)
    .default([])
    .describe("further flags of sbatch, each with its value behind =, such as --account=lab"),
});

/** What a task is given. */
export type Profile = z.infer<typeof profileSchema>;

/**
 * Checks what a task is given, which comes from a file or from flags.
 *
 * @param origin names it in errors
 * @throws PickbenchError BadUsage that names every mistake
 */
export function checkProfile(content: unknown, origin: string): Profile {
  const parsed = profileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const issues = describeIssues(parsed.error.issues, content, profileSchema);
  throw new PickbenchError("BadUsage", `${origin}: ${mistakesText(issues, reference)}`, {
    path: origin,
    cause: parsed.error,
  });
}

/** Reads a profile's YAML. @throws PickbenchError BadUsage for a file that cannot be read, or for every mistake in it */
export async function readProfile(path: string): Promise<Profile> {
  const bad = (what: string, cause?: unknown) =>
    new PickbenchError("BadUsage", `${path}: ${what}; ${reference}`, { path, cause });
  const lines = new LineCounter();
  try {
    const document = yamlDocument(await readText(path), lines);
    const fault = syntaxFault(document, lines);
    if (fault !== undefined) throw bad(fault);
    return checkProfile(plainContent(document) ?? {}, path);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw bad(`cannot be read (${messageOf(error)})`, error);
  }
}
