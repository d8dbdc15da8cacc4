/** The kind of processor that a bench ran on: what it computes with, not what it is called. */
import { z } from "zod";
import { machineBlock } from "../../engines/onnx/session.js";
import { readText } from "../../system/paths/opening.js";

export const processorSchema = z.object({
  /** Architecture, in Node's words: x64, arm64. */
  arch: z.string(),
  /** Channels per block of ONNX Runtime's convolutions: 16 with AVX-512, 8 with AVX2; null without blocks. */
  block: z.int().nullable(),
  /** Vendor, family and model, such as `AuthenticAMD 25/17`; null where the system does not say them. */
  model: z.string().nullable(),
});

type Processor = z.infer<typeof processorSchema>;

/** Returns this machine's kind of processor. */
export async function processor(): Promise<Processor> {
  const described = await readText("/proc/cpuinfo").catch(() => "");
  return { arch: process.arch, block: await machineBlock(), model: modelIn(described) };
}

/** Returns vendor, family and model of the first processor in the text of /proc/cpuinfo; null where one is missing. */
export function modelIn(text: string): string | null {
  const said = (name: string) => new RegExp(`^${name}\\s*: (.+)$`, "m").exec(text)?.[1];
  const [vendor, family, model] = [said("vendor_id"), said("cpu family"), said("model")];
  return vendor && family && model ? `${vendor} ${family}/${model}` : null;
}

/** Names a kind of processor for people: `x64 with AVX-512, AuthenticAMD 25/17`. */
export function processorText({ arch, block, model }: Processor): string {
  const vectors = arch === "x64" && block !== null ? vectorNames[block] : undefined;
  return `${arch}${vectors ? ` with ${vectors}` : ""}${model ? `, ${model}` : ""}`;
}

const vectorNames: Readonly<Record<number, string>> = { 16: "AVX-512", 8: "AVX2" };

export interface BenchMachine {
  readonly cpu: string;
  readonly cores: number;
  readonly processor?: Processor | undefined;
}

/** Says whether times of two runs may be compared: on what is, as far as is noted, one machine. */
export const isSameMachine = (a: BenchMachine, b: BenchMachine): boolean =>
  a.cpu === b.cpu &&
  a.cores === b.cores &&
  (!a.processor || !b.processor || isSameProcessor(a.processor, b.processor));

/** Says whether ratios of two runs should be alike: as many cores of one kind of processor, which both must name. */
export function isSameKind(a: BenchMachine, b: BenchMachine): boolean {
  if (!a.processor || !b.processor || a.cores !== b.cores) return false;
  return isSameProcessor(a.processor, b.processor) && (a.processor.model !== null || a.cpu === b.cpu);
}

const isSameProcessor = (a: Processor, b: Processor): boolean =>
  a.arch === b.arch && a.block === b.block && a.model === b.model;
