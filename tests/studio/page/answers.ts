// The server of the page's modules in a test: each question waits until it is answered.
import { vi } from "vitest";

/** A question that waits for its answer. */
interface Question {
  readonly path: string;
  readonly answer: (value: unknown) => void;
  readonly refuse: (error: Error) => void;
}

const waiting: Question[] = [];

/** Asks as `getJson` and `getBytes` do. */
const ask = (path: string, signal?: AbortSignal): Promise<unknown> =>
  new Promise((answer, refuse) => {
    waiting.push({ path, answer, refuse });
    signal?.addEventListener("abort", () => refuse(new Error("aborted")));
  });

/** Stands in for `api.ts`. */
export const fakeApi = {
  isStill: false,
  named: encodeURIComponent,
  sentence: (error: unknown): string => (error instanceof Error ? error.message : String(error)),
  getJson: ask,
  getBytes: ask,
  send: (_method: string, path: string): Promise<unknown> => ask(path),
};

/** Waits for a question whose path begins so, and takes it. */
export async function question(start: string): Promise<Question> {
  await vi.waitFor(() => {
    if (!waiting.some(({ path }) => path.startsWith(start))) throw new Error(`nobody asked for ${start}`);
  });
  const at = waiting.findIndex(({ path }) => path.startsWith(start));
  return waiting.splice(at, 1)[0]!;
}

/** Lets everything happen that waits for nothing else. */
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
