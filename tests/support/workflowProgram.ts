/** A small program whose commands join texts, as the commands and the executor of workflows. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { beginMaking, endMaking } from "../../src/makings/making.js";
import type { CommandCatalogue, CommandForm } from "../../src/workflow/catalogue.js";
import type { Executor, StepTask } from "../../src/workflow/executor.js";

const text = { type: "string" } as const;

const forms: Readonly<Record<string, CommandForm>> = {
  /** Writes the texts of its parts, one after another. */
  join: {
    positionals: { parts: { ...text, array: true, demandOption: true } },
    options: {
      out: { ...text, demandOption: true },
      between: text,
      times: { type: "number", default: 1 },
      upper: { type: "boolean", default: false },
      kind: { choices: ["plain", "fancy"] },
      overwrite: { type: "boolean" },
    },
    reads: ["parts"],
    writes: ["out"],
  },
  /** Prints how long a text is. */
  count: {
    positionals: { text: { ...text, demandOption: true } },
    options: { json: { type: "boolean" } },
    reads: ["text"],
    writes: [],
  },
  /** Writes where it likes, unless it is told. */
  free: {
    positionals: {},
    options: { out: text, overwrite: { type: "boolean" } },
    reads: [],
    writes: ["out"],
    writesUnasked: true,
  },
  workflow: { positionals: {}, options: {}, reads: [], writes: [] },
};

export const catalogue: CommandCatalogue = {
  names: Object.keys(forms),
  form: async (name) => forms[name]!,
  inputs: async (reads) => reads,
  isName: async (_command, argument, word) => argument === "parts" && word === "known",
};

/** Does the commands in this process, and notes which steps it did. */
export class Program implements Executor {
  readonly did: string[] = [];
  readonly argvs: (readonly string[])[] = [];
  /** Steps that fail, and what they say; a step is taken off when it has failed. */
  readonly failures = new Map<string, string>();
  /** Most calls that were under way at a time. */
  most = 0;
  #now = 0;
  /** Called before a command does anything. */
  before: (task: StepTask, signal: AbortSignal) => Promise<unknown> = async () => undefined;

  async run(task: StepTask, signal: AbortSignal) {
    this.most = Math.max(this.most, ++this.#now);
    try {
      await this.before(task, signal);
      if (signal.aborted) return { code: 130 };
      this.did.push(task.name);
      this.argvs.push(task.argv);
      const failure = this.failures.get(task.name);
      if (failure !== undefined) {
        this.failures.delete(task.name);
        await writeFile(task.log, `pickbench: ${failure}\n`, { flag: "a" });
        return { code: 1 };
      }
      await call(task);
      return { code: 0 };
    } finally {
      this.#now--;
    }
  }
}

async function call({ argv, output }: StepTask): Promise<void> {
  const [command, ...words] = argv;
  const flag = words.findIndex((word) => word.startsWith("--"));
  const places = flag < 0 ? words : words.slice(0, flag);
  const of = (name: string): string | undefined => {
    const at = words.indexOf(`--${name}`);
    return at < 0 ? undefined : words[at + 1];
  };
  const parts = await Promise.all(places.map((place) => readFile(place, "utf8").catch(() => place)));
  if (command === "count") {
    await writeFile(output, `${parts[0]!.length}\n`);
    return;
  }
  await writeFile(output, "");
  const out = of("out")!;
  const inputs = places.map((path) => ({ option: "parts", path }));
  const begun = await beginMaking(argv, inputs, [out], undefined);
  const joined = parts.join(of("between") ?? "").repeat(Number(of("times") ?? 1));
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, words.includes("--upper") ? joined.toUpperCase() : joined);
  await endMaking(begun, [{ option: "out", path: out }]);
}
