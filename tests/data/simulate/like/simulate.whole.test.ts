import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { measureTargets } from "../../../../src/data/simulate/like/targets.js";
import { simulateDataset } from "../../../../src/data/simulate/simulateDataset.js";
import { silentReporter } from "../../../../src/system/reporter.js";

const small = { runs: 1, shape: [40, 64, 64], spacing: 10, part: "train", flat: true } as const;

it("simulates tomograms with the spectra of others, whose picks are not there, and names these", async () => {
  const folder = await mkdtemp(join(tmpdir(), "like-"));
  try {
    const [target, plain, like] = ["target", "plain", "like"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await simulateDataset({ ...small, out: target, seed: 1 });
    await rm(join(target, "overlay"), { recursive: true });
    await simulateDataset({ ...small, out: plain, seed: 2 });
    await simulateDataset({ ...small, out: like, seed: 2, like: target });
    const [wanted, before, after] = await Promise.all(
      [target, plain, like].map((path) => measureTargets(path, silentReporter)),
    );
    const distance = (kind: string, one: typeof wanted, other: typeof wanted): number => {
      const [a, b] = [one, other].map((all) => all!.find((each) => each.kind === kind)!.power.power);
      return a!.reduce((sum, power, shell) => sum + Math.abs(Math.log(power / b![shell]!)), 0) / a!.length;
    };
    for (const kind of ["denoised", "wbp"])
      expect(distance(kind, after, wanted)).toBeLessThan(Math.max(0.2, distance(kind, before, wanted)));
    const note = JSON.parse(await readFile(join(like, "phantom.json"), "utf8"));
    expect(note.like).toEqual(wanted!.map(({ run, kind, sha256 }) => ({ run, tomogram: kind, sha256 })));
    const drawn = JSON.parse(await readFile(join(like, "drawn", "TS_S1.json"), "utf8"));
    expect(["TS_S1", "mean"]).toContain(drawn.like);
    expect(JSON.parse(await readFile(join(plain, "phantom.json"), "utf8"))).not.toHaveProperty("like");
  } finally {
    await rm(folder, { recursive: true });
  }
});
