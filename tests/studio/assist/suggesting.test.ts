import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { challengeParticles } from "../../../src/domain/particles.js";
import type { HeldPick } from "../../../src/studio/annotations/picksState.js";
import { knownModels, modelNamed, trainingsIn } from "../../../src/studio/assist/models.js";
import { suggestPlan, unanswered } from "../../../src/studio/assist/suggesting.js";
import { curvePath } from "../../../src/web/studio/annotate/curve.js";
import { annotationScene, withinSession } from "../../support/annotationScene.js";

const held = (type: string, x: number, status: HeldPick["status"]): HeldPick => {
  return { id: `${type}${x}`, type, at: [x, 0, 0], status, rest: {} };
};

describe("suggestions", () => {
  test("leave out what was answered: kept, deleted or rejected, within half a radius, of their type", () => {
    const found = [0, 74, 76, 1000, 2000, 3000].map((x) => ({
      type: "ribosome",
      at: [x, 0, 0] as const,
      rest: {},
    }));
    const answers = [
      held("ribosome", 0, "kept"),
      held("ribosome", 1000, "deleted"),
      held("ribosome", 2000, "rejected"),
      held("ribosome", 3000, "suggested"),
      held("apo-ferritin", 76, "kept"),
    ];
    expect(unanswered(found, answers, challengeParticles).map(({ at }) => at[0])).toEqual([76, 3000]);
  });

  test("are those of the chosen network alone, of which nothing is kept once others are asked for", async () => {
    const data = await openDataset(await annotationScene(await mkdtemp(join(tmpdir(), "suggested-"))));
    const folder = await mkdtemp(join(tmpdir(), "suggestions-"));
    await withinSession(data, { userId: "anna", sessionId: "1" }, async (annotations) => {
      const suggest = async (name: string, type: string): Promise<void> => {
        const plan = suggestPlan({
          annotations,
          particles: data.particles,
          data: data.root,
          run: "TS_1",
          tomogram: "denoised",
          model: { name, path: `${name}.safetensors` },
          folder,
          flags: [],
        });
        await plan.begin?.();
        const out = plan.calls[1]!.args.at(-3)!;
        expect(plan.calls[1]!.args.at(-4)).toBe("--out");
        const picks = join(out, "ExperimentRuns", "TS_1", "Picks");
        await mkdir(picks, { recursive: true });
        const points = [{ location: { x: 10, y: 10, z: 10 } }];
        await writeFile(join(picks, `pickbench_suggest_${type}.json`), JSON.stringify({ points }));
        expect(await plan.done()).toBe("1 suggested");
      };
      await suggest("first", "ribosome");
      await suggest("second", "apo-ferritin");
      const { picks } = (await annotations.run("TS_1")).state();
      expect(picks.map(({ type, status }) => [type, status])).toEqual([["apo-ferritin", "suggested"]]);
      expect(await readdir(folder)).toHaveLength(1);
    });
  });

  test("are made by networks that are listed alone, the newest training first", async () => {
    const out = await mkdtemp(join(tmpdir(), "models-"));
    const best = async (...names: string[]): Promise<string> => {
      const folder = join(out, ...names);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "best.safetensors"), "");
      return folder;
    };
    await best("train-2", "run");
    await best("train-10", "run");
    await mkdir(join(out, "train-11"));
    await best("train-x", "run");
    const shown = await best("shown");
    const opened = { out, runFolders: [shown, join(out, "none")] };
    expect(await trainingsIn(out)).toEqual(["train-11", "train-10", "train-2"]);
    expect((await knownModels(opened)).map(({ name }) => name)).toEqual([
      "train-10",
      "train-2",
      "shown",
      "cell",
      "solution",
    ]);
    expect((await modelNamed(opened, "shown")).path).toBe(join(shown, "best.safetensors"));
    await expect(modelNamed(opened, "/etc/passwd")).rejects.toThrow(
      "there is no trained network /etc/passwd",
    );
  });
});

test("a curve fills its picture, the greatest loss at the top", () => {
  const curve = [
    { step: 10, loss: 4 },
    { step: 20, loss: 1 },
    { step: 30, loss: 2.5 },
  ];
  expect(curvePath(curve, 100, 30)).toBe("M0.00 0.00L50.00 30.00L100.00 15.00");
  expect(curvePath([{ step: 1, loss: 2 }], 100, 30)).toBe("M50.00 15.00");
  expect(curvePath([], 100, 30)).toBe("");
});
