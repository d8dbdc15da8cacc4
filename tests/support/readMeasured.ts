/** Reads stores in a process of its own, and measures each reading's time and memory. */
import { openOmeZarr, openTomogram } from "../../src/data/tomograms/omeZarr.js";
import { answer } from "./answer.js";

/** What reading a store came to. */
export interface MeasuredRead {
  readonly error: string | undefined;
  readonly milliseconds: number;
  /** Growth of the process's greatest memory in MB. */
  readonly megabytes: number;
}

async function read(folder: string): Promise<string | undefined> {
  try {
    await (await openTomogram(await openOmeZarr(folder))).readAll();
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

const greatest = (): number => process.resourceUsage().maxRSS / 1024;

answer(
  async ({ warm, folder }: { readonly warm: string; readonly folder: string }): Promise<MeasuredRead> => {
    await read(warm);
    const [memory, start] = [greatest(), performance.now()];
    const error = await read(folder);
    return { error, milliseconds: performance.now() - start, megabytes: greatest() - memory };
  },
);
