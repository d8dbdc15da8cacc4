/** Outputs with sidecars, as commands leave them. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fingerprintOf, ofOutput } from "../../src/makings/fingerprint.js";
import { addMaking, type MadePlace, type Making, sidecarOf } from "../../src/makings/sidecar.js";

/** Writes a file with its folder. */
export async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

interface Noting {
  readonly folder: string;
  /** Option and path below the folder, or a word behind `=`. */
  readonly reads?: readonly (readonly [option: string, path: string])[];
  readonly writes: readonly string[];
  readonly command: readonly string[];
  /** Minutes after midnight. */
  readonly at: number;
  readonly more?: Partial<Making>;
}

/** Notes that a command, run in a folder, made what now stands there of what now stands there. */
export async function note({ folder, reads = [], writes, command, at, more }: Noting): Promise<void> {
  const place = async (option: string, path: string, isOutput: boolean): Promise<MadePlace> => {
    const found = await fingerprintOf(
      join(folder, path),
      isOutput ? ofOutput : { without: writes.map((each) => join(folder, each)) },
    );
    return found ? { option, path, ...found } : { option, path, kind: "name" };
  };
  const inputs = await Promise.all(reads.map(([option, path]) => place(option, path, false)));
  const outputs = await Promise.all(writes.map((path) => place("out", path, true)));
  const time = (minutes: number) => new Date(Date.UTC(2026, 10, 30, 0, minutes)).toISOString();
  for (const [number, path] of writes.entries()) {
    const output = join(folder, path);
    const making: Making = {
      command: [...command],
      folder: relative(dirname(sidecarOf(output)), resolve(folder)) || ".",
      ...{ inputs, outputs },
      code: { commit: "0123456789abcdef", dirty: false, lockfileHash: null },
      versions: { pickbench: "0.1.0", node: "24.0.0", onnxruntime: "1.30.0" },
      machine: { cpu: "a processor", cores: 2, memoryBytes: 1, os: "linux" },
      startedAt: time(at),
      finishedAt: time(at + 1),
      ...more,
    };
    await addMaking(output, outputs[number]!.kind === "folder" ? "folder" : "file", making);
  }
}
