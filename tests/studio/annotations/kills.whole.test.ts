// A studio that is killed at random moments while edits come in: nothing acknowledged is lost, nothing counts twice.
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { readMask } from "../../../src/data/masks/read.js";
import { readPicks } from "../../../src/data/picks.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { randomFor } from "../../../src/domain/random.js";
import type { Change, Edit } from "../../../src/studio/annotations/edits.js";
import { type StudioProcess, studioProcess } from "../../support/annotatingPage.js";
import { annotationScene, othersFile, sceneShape } from "../../support/annotationScene.js";

const kills = 6;
const perLife = 25;
const [, height, width] = sceneShape;

test(`${kills} kills between and within edits`, async () => {
  const folder = await annotationScene(await mkdtemp(join(tmpdir(), "kills-")));
  const others = await readFile(othersFile(folder));
  const args = [folder, "--annotate", "--user", "mia", "--session", "kills", "--quiet"];
  const random = randomFor(1, "kills", 0);
  const draw = (below: number): number => random.integer(Math.max(1, below));
  const edits: Edit[] = [];
  const picks = new Map<string, number>();
  const painted = new Uint8Array(height * width);
  const next = (): Edit => {
    const number = edits.length + 1;
    const ids = [...picks.keys()];
    const id = ids[draw(ids.length)];
    const changes: Change[] = [];
    if (number === 1) {
      const slice = [5, 0, 0, 6, height, width] as [number, number, number, number, number, number];
      changes.push({ do: "mask", mask: "membrane", shape: [...sceneShape], spacing: [10, 10, 10] });
      changes.push({ do: "box", mask: "membrane", box: slice });
    } else if (number % 3 === 0) {
      const [start, value] = [draw(height * width - 60), draw(2)];
      const length = 1 + draw(60);
      changes.push({ do: "paint", mask: "membrane", axis: 0, index: 5, runs: [start, length, value] });
      painted.fill(value, start, start + length);
    } else if (id !== undefined && number % 5 === 0) {
      changes.push({ do: "delete", id });
      picks.delete(id);
    } else if (id !== undefined && number % 7 === 0) {
      changes.push({ do: "move", id, at: [number, 20, 30] });
      picks.set(id, number);
    } else {
      changes.push({ do: "add", id: `p${number}`, type: "ribosome", at: [number, 20, 30] });
      picks.set(`p${number}`, number);
    }
    const edit = { client: "page", number, changes };
    edits.push(edit);
    return edit;
  };

  let studio: StudioProcess | undefined;
  onTestFinished(async () => studio?.kill());
  let acknowledged = 0;
  const post = async (): Promise<void> => {
    const waiting = edits.slice(Math.max(0, acknowledged - 2));
    const body = JSON.stringify({ edits: waiting });
    const answer = await fetch(`${studio!.address}api/runs/TS_1/annotations/edits`, { method: "POST", body });
    const said = (await answer.json()) as { readonly number: number };
    expect(said).toEqual({ number: edits.length, refused: [] });
    acknowledged = said.number;
  };
  for (let life = 0; life < kills; life++) {
    studio = await studioProcess(...args);
    if (edits.length > 0) await post();
    const last = perLife - draw(10);
    for (let count = 0; count < last; count++) {
      next();
      await post();
      if (draw(4) === 0) await new Promise((resolve) => setTimeout(resolve, draw(300)));
    }
    next();
    const sending = post().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, draw(12)));
    await studio.kill();
    await sending;
  }
  studio = await studioProcess(...args);
  await post();
  const ended = new Promise((resolve) => studio!.process.once("exit", resolve));
  studio.process.kill("SIGTERM");
  await ended;

  const data = await openDataset(folder);
  const author = { userId: "mia", sessionId: "kills" };
  const found = await readPicks(data, "TS_1", "ribosome", author);
  expect(found.map(({ x }) => x).sort((a, b) => a - b)).toEqual([...picks.values()].sort((a, b) => a - b));
  const boxes = join(folder, "overlay", ".pickbench-studio", "mia_kills", "membrane.boxes.json");
  const feature = { name: "membrane", user: "mia", session: "kills", annotated: { boxes } };
  const tomogram = await openTomogram(data.runs[0]!.tomograms[0]!);
  const { voxels } = (await readMask(data, "TS_1", feature, tomogram))!;
  expect(voxels.slice(5 * height * width, 6 * height * width)).toEqual(painted);
  expect(voxels.slice(0, 5 * height * width)).toEqual(new Uint8Array(5 * height * width).fill(2));
  expect(await readFile(othersFile(folder))).toEqual(others);
});
