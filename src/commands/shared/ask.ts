/** Questions to whoever sits at the terminal, each with a default. */
import { createInterface } from "node:readline/promises";
import { PickbenchError } from "../../system/errors.js";

/** A question, and the answer that an empty line gives. */
export interface Question {
  readonly text: string;
  readonly default: string;
}

/** Tells whether someone can be asked: only where input and output are a terminal, never in a pipe. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/**
 * Asks on stderr, one question after another; where the input ends, the defaults are taken.
 *
 * @throws PickbenchError Stopped on Ctrl-C
 */
export async function ask<Name extends string>(
  questions: Readonly<Record<Name, Question>>,
): Promise<Record<Name, string>> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>((resolve, reject) => {
    lines.on("close", () => resolve(""));
    lines.on("SIGINT", () => reject(new PickbenchError("Stopped", "stopped; nothing was written")));
  });
  const answers = {} as Record<Name, string>;
  try {
    for (const [name, { text, default: fallback }] of Object.entries<Question>(questions)) {
      const shown = fallback === "" ? "" : ` [${fallback}]`;
      const answer = await Promise.race([lines.question(`${text}${shown}: `).catch(() => ""), ended]);
      answers[name as Name] = answer.trim() || fallback;
    }
  } finally {
    lines.close();
  }
  return answers;
}
