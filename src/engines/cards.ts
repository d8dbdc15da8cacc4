/** Graphics cards of NVIDIA, as `nvidia-smi` tells them: name, driver, memory. No other vendor has such a program everywhere. */
import { execFile } from "node:child_process";
import { PickbenchError } from "../system/errors.js";

/** A card of this machine; its number is that of `nvidia-smi`, in the order of the slots. */
export interface Card {
  readonly index: number;
  readonly name: string;
  readonly driver: string;
  /** All of its memory, and what is in use by whatever program, in MiB. */
  readonly memoryMiB: number;
  readonly usedMiB: number;
}

/** The cards that were found, and why there are none: null where nothing says that there should be one. */
export interface Cards {
  readonly cards: readonly Card[];
  readonly fault: string | null;
}

/** Name of the program; a driver brings it along. */
export const smi = "nvidia-smi";
const fields = ["index", "name", "driver_version", "memory.total", "memory.used"];
const longest = 10_000;

/** Asks `nvidia-smi` for the cards that this process may use: all, or those of CUDA_VISIBLE_DEVICES. */
export async function findCards(): Promise<Cards> {
  const { said, code } = await asked([`--query-gpu=${fields}`, "--format=csv,noheader,nounits"]);
  if (code === "ENOENT") return { cards: [], fault: null };
  const cards = said.split("\n").flatMap((line) => cardOf(line) ?? []);
  const shown = visible(cards, process.env.CUDA_VISIBLE_DEVICES);
  if (code === 0 && shown.length > 0) return { cards: shown, fault: null };
  if (cards.length > 0)
    return {
      cards: [],
      fault: `CUDA_VISIBLE_DEVICES is ${JSON.stringify(process.env.CUDA_VISIBLE_DEVICES)}, which names none of this machine's ${cards.length} cards`,
    };
  const words = said
    .trim()
    .split("\n")[0]!
    .replace(/\.?\s*$/, "");
  return { cards: [], fault: words === "" ? `${smi} ended with ${code} and said nothing` : words };
}

/** A card's number, name and memory for a sentence. */
export const cardText = ({ name, memoryMiB }: Card): string => `${name} with ${memoryMiB} MiB`;

/** @throws PickbenchError BadUsage where a number is of no card, or none is found */
export function checkDevices(devices: readonly number[], { cards, fault }: Cards): void {
  const known = cards.map(({ index }) => index);
  const unknown = devices.find((device) => !known.includes(device));
  if (unknown === undefined) return;
  throw new PickbenchError(
    "BadUsage",
    known.length === 0
      ? `--devices: no card is found (${fault ?? `there is no ${smi}`}); leave it out, or install the driver`
      : `--devices: there is no card ${unknown}; ${smi} lists ${known.join(", ")}`,
  );
}

function cardOf(line: string): Card | null {
  const parts = line.split(",").map((part) => part.trim());
  const [index, name, driver, memory, used] = parts;
  const numbers = [index, memory, used].map(Number);
  if (parts.length !== fields.length || numbers.some((value) => !Number.isSafeInteger(value))) return null;
  return {
    index: numbers[0]!,
    name: name!,
    driver: driver!,
    memoryMiB: numbers[1]!,
    usedMiB: numbers[2]!,
  };
}

/** Leaves the cards that CUDA is shown, in its order; of names other than numbers nothing is known, and all are left. */
function visible(cards: readonly Card[], shown: string | undefined): readonly Card[] {
  const names = shown?.split(",").map((name) => name.trim());
  if (names === undefined || !names.every((name) => /^-?\d+$/.test(name))) return shown === "" ? [] : cards;
  return names.flatMap((name) => cards.find(({ index }) => index === Number(name)) ?? []);
}

function asked(args: readonly string[]): Promise<{ said: string; code: number | string }> {
  return new Promise((resolve) => {
    execFile(smi, args, { timeout: longest }, (error, stdout, stderr) => {
      const code = error === null ? 0 : (error.code ?? error.signal ?? "a signal");
      resolve({ said: stdout.trim() === "" ? stderr : stdout, code });
    });
  });
}
