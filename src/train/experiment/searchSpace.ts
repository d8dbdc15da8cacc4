/** The key `search` of an experiment: paths of the experiment's keys, and the values to try for each. */
import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";
import { describeIssues } from "../../system/schema/issues.js";
import { repeatedIn } from "../../system/unique.js";
import { reference } from "./experimentYaml.js";

/** A key of the experiment and the values that a search tries for that key. */
export type SearchParameter =
  | {
      /** Dotted path with list positions as numbers: `loss.0.backgroundWeight`. */
      readonly path: string;
      /** How values are drawn from `low` to `high`: uniform in the logarithm, uniform, or whole numbers. */
      readonly kind: "log" | "range" | "integer";
      readonly low: number;
      readonly high: number;
    }
  | { readonly path: string; readonly kind: "choice"; readonly values: readonly unknown[] };

const rising = ([low, high]: readonly number[]): boolean => low! < high!;
const bounds = (each: z.ZodNumber, what: string) =>
  z.tuple([each, each], `two ${what}, the lower first`).refine(rising, `two ${what}, the lower first`);

const valuesSchema = z.union([
  z.strictObject({
    log: bounds(z.number().positive("a number above 0, for it has a logarithm"), "numbers"),
  }),
  z.strictObject({ range: bounds(z.number(), "numbers") }),
  z.strictObject({ integer: bounds(z.number().int("a whole number"), "whole numbers") }),
  z.strictObject({
    choice: z
      .array(z.json())
      .min(1, "one value or more")
      .refine(
        (values) => repeatedIn(values.map((value) => JSON.stringify(value))).length === 0,
        "each value once",
      ),
  }),
]);
type Values = z.infer<typeof valuesSchema>;

const pathPattern = /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+){0,7}$/;
const searchSchema = z.record(z.string().regex(pathPattern), valuesSchema);

/** Keys whose change would make trials incomparable, with the reason. */
const fixed: Readonly<Record<string, string>> = {
  name: "it names the trial",
  question: "it changes nothing",
  engine: "it changes nothing but rounding; use --engine",
  seed: "the best of many seeds is luck",
  splits: "trials are compared on the same tune runs",
  types: "trials are compared on the same types",
  ignore: "trials are compared on the same types",
  networks: "rungs compare the same networks",
  budget: "trials are compared at the same budget; use --trial-budget",
  evaluate: "trials are compared at the same points",
  checkpoint: "it changes nothing that is learned",
  "picking.choice": "trials are compared by tune scores of one kind",
  "picking.from": "trials are no folds",
};

/** Checks the content of the key `search`; `origin` names the file. @throws PickbenchError BadExperiment */
export function checkSearch(content: unknown, origin: string): readonly SearchParameter[] {
  const bad = (what: string, cause?: unknown) =>
    new PickbenchError("BadExperiment", `${origin}: search${what}`, { path: origin, cause });
  const entries = content !== null && typeof content === "object" ? Object.keys(content) : [];
  if (entries.length === 0)
    throw bad(": names no parameter; wanted paths with values, such as optimiser.rate: {log: [1e-4, 5e-3]}");
  const strange = entries.find((path) => Array.isArray(content) || !pathPattern.test(path));
  if (strange !== undefined)
    throw bad(`: ${JSON.stringify(strange)} is no path; wanted the experiment's keys with dots between`);
  const parsed = searchSchema.safeParse(content);
  if (!parsed.success) {
    const [first] = describeIssues(parsed.error.issues, content, searchSchema);
    throw bad(`${first!.startsWith("unknown") ? ": " : "."}${first}; ${reference}`, parsed.error);
  }
  const parameters = Object.entries(parsed.data).map(([path, values]) => parameterOf(path, values));
  for (const { path } of parameters) {
    const why = fixed[path] ?? fixed[path.split(".")[0]!];
    if (why !== undefined) throw bad(`.${path}: cannot be searched, for ${why}; leave it out`);
    const within = parameters.find((other) => other.path.startsWith(`${path}.`));
    if (within) throw bad(`.${within.path}: lies within search.${path}; leave one of them out`);
  }
  return parameters;
}

function parameterOf(path: string, values: Values): SearchParameter {
  if ("choice" in values) return { path, kind: "choice", values: values.choice };
  if ("log" in values) return { path, kind: "log", low: values.log[0], high: values.log[1] };
  if ("range" in values) return { path, kind: "range", low: values.range[0], high: values.range[1] };
  return { path, kind: "integer", low: values.integer[0], high: values.integer[1] };
}
