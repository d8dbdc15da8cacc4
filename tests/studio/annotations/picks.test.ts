import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { readPicks } from "../../../src/data/picks.js";
import type { Change, Edit } from "../../../src/studio/annotations/edits.js";
import type { Annotations } from "../../../src/studio/annotations/session.js";
import { annotationScene, othersFile, ownFile, withinSession } from "../../support/annotationScene.js";

const anna = { userId: "anna", sessionId: "1" };
let folder: string;

beforeEach(async () => {
  folder = await annotationScene(await mkdtemp(join(tmpdir(), "annotations-")));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const dataset = () => openDataset(folder);
const session = async <T>(work: (annotations: Annotations) => Promise<T>, author = anna): Promise<T> =>
  withinSession(await dataset(), author, work);
/** What a kill leaves: a session whose journal is there, and that never folds. */
const killed = async (work: (annotations: Annotations) => Promise<unknown>): Promise<void> => {
  const { Annotations: Unheld } = await import("../../../src/studio/annotations/session.js");
  const data = await dataset();
  await work(new Unheld(data, { ...anna, overlayRoot: data.overlayRoot }));
};
const edit = (number: number, ...changes: Change[]): Edit => ({ client: "page", number, changes });
const add = (id: string, x: number, type = "ribosome"): Change => ({ do: "add", id, type, at: [x, 20, 30] });
const journal = () => join(folder, "overlay", ".pickbench-studio", "anna_1", "TS_1.jsonl");
const read = async (type = "ribosome", author = anna) => readPicks(await dataset(), "TS_1", type, author);

describe("picks that are annotated", () => {
  test("become copick's files of the user and session, and nobody else's", async () => {
    const others = await readFile(othersFile(folder));
    await session(async (all) => {
      const rotation = [0, -1, 0, 1, 0, 0, 0, 0, 1];
      const first: Change = {
        do: "add",
        id: "a",
        type: "ribosome",
        at: [10, 20, 30],
        score: 0.5,
        rotation,
        instance: 4,
      };
      await all.submit("TS_1", [edit(1, first, add("b", 50)), edit(2, add("c", 70, "apo-ferritin"))]);
      await all.submit("TS_1", [
        edit(3, { do: "move", id: "b", at: [55, 21, 31] }),
        edit(4, { do: "retype", id: "c", type: "ribosome" }),
        edit(5, { do: "delete", id: "b" }),
        edit(6, { do: "restore", id: "b" }),
      ]);
    });
    expect(await readdir(join(othersFile(folder), ".."))).toEqual([
      "anna_1_apo-ferritin.json",
      "anna_1_ribosome.json",
      "bertha_1_ribosome.json",
    ]);
    expect(await readFile(othersFile(folder))).toEqual(others);
    const document = JSON.parse(await readFile(ownFile(folder, "ribosome"), "utf8"));
    expect(document).toMatchObject({ user_id: "anna", session_id: "1", run_name: "TS_1", unit: "angstrom" });
    expect(document.points[0]).toEqual({
      location: { x: 10, y: 20, z: 30 },
      transformation_: [
        [0, -1, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
      ],
      instance_id: 4,
      score: 0.5,
    });
    expect((await read()).map(({ x, y, z }) => [x, y, z])).toEqual([
      [10, 20, 30],
      [55, 21, 31],
      [70, 20, 30],
    ]);
    expect(await read("apo-ferritin")).toEqual([]);
  });

  test("an edit that is sent twice counts once, and one whose forerunner is missing does not", async () => {
    await session(async (all) => {
      await all.submit("TS_1", [edit(1, add("a", 10))]);
      expect(await all.submit("TS_1", [edit(1, add("a", 10)), edit(2, add("b", 20))])).toEqual({
        number: 2,
        refused: [],
      });
      expect(await all.submit("TS_1", [edit(4, add("d", 40))])).toEqual({ number: 2, refused: [] });
      await all.submit("TS_1", [{ client: "other", number: 1, changes: [add("e", 50)] }]);
    });
    expect((await read()).map(({ x }) => x)).toEqual([10, 20, 50]);
  });

  test("an edit that does not fit is left out as a whole, with the reason, and the next one counts", async () => {
    await session(async (all) => {
      const answer = await all.submit("TS_1", [
        edit(1, add("a", 10)),
        edit(2, add("b", 20), { do: "delete", id: "nobody" }),
        edit(3, add("c", 30, "__proto__")),
        edit(4, add("d", 40)),
      ]);
      expect(answer.number).toBe(4);
      expect(answer.refused.map(({ number }) => number)).toEqual([2, 3]);
      expect(answer.refused[0]!.why).toContain("there is no pick nobody");
      expect(await all.submit("TS_1", [edit(2, add("b", 20))])).toEqual({ number: 4, refused: [] });
    });
    expect((await read()).map(({ x }) => x)).toEqual([10, 40]);
  });

  test("whatever was acknowledged is there after a kill, wherever it came, and once", async () => {
    await session((all) => all.submit("TS_1", [edit(1, add("a", 10), add("b", 20))]));
    await killed((all) => all.submit("TS_1", [edit(2, { do: "delete", id: "a" }), edit(3, add("c", 30))]));
    const whole = await readFile(journal(), "utf8");
    for (const left of ["", '{"client":"page","num', '{"client":"page","number":4,"changes":[]']) {
      await writeFile(journal(), whole + left);
      const before = await readFile(ownFile(folder, "ribosome"));
      await session(async (all) => {
        expect((await all.submit("TS_1", [edit(3, add("c", 30))])).number).toBe(3);
      });
      expect((await read()).map(({ x }) => x)).toEqual([20, 30]);
      await writeFile(ownFile(folder, "ribosome"), before);
      await writeFile(journal(), whole);
    }
  });

  test("a kill between the journal's word and the file's, or between the file's and the journal's, loses nothing", async () => {
    await session((all) => all.submit("TS_1", [edit(1, add("a", 10))]));
    const old = await readFile(ownFile(folder, "ribosome"));
    await killed(async (all) => {
      await all.submit("TS_1", [edit(2, add("b", 20))]);
      await all.fold();
    });
    const lines = (await readFile(journal(), "utf8")).trimEnd().split("\n");
    expect(lines.at(-1)).toBe('{"folded":true}');
    const withoutEnd = `${lines.slice(0, -1).join("\n")}\n`;
    const folded = await readFile(ownFile(folder, "ribosome"));
    for (const file of [old, folded]) {
      await writeFile(journal(), withoutEnd);
      await writeFile(ownFile(folder, "ribosome"), file);
      await session((all) => all.run("TS_1"));
      expect((await read()).map(({ x }) => x)).toEqual([10, 20]);
    }
    await writeFile(journal(), withoutEnd);
    await rm(ownFile(folder, "ribosome"));
    await session((all) => all.run("TS_1"));
    expect((await read()).map(({ x }) => x)).toEqual([10, 20]);
  });

  test("what is written half-way and tried again is no other program's", async () => {
    await killed(async (all) => {
      await all.submit("TS_1", [edit(1, add("a", 10), add("b", 15, "apo-ferritin"))]);
      await all.fold();
    });
    const first = await readFile(ownFile(folder, "ribosome"));
    const half = (await readFile(journal(), "utf8")).replace('{"folded":true}\n', "");
    const begin = async (...lines: object[]): Promise<void> => {
      await writeFile(journal(), half + lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      await writeFile(ownFile(folder, "ribosome"), first);
      await rm(ownFile(folder, "apo-ferritin"), { force: true });
    };
    const places = async () => [await read(), await read("apo-ferritin")].map((of) => of.map(({ x }) => x));
    const later = edit(2, add("c", 20));
    await begin({ folding: { "apo-ferritin": "never written" } }, later);
    await session((all) => all.run("TS_1"));
    expect(await places()).toEqual([[10, 20], [15]]);
    await begin(later, { folding: { "apo-ferritin": "never written", ribosome: "never either" } });
    await session((all) => all.run("TS_1"));
    expect(await places()).toEqual([[10, 20], [15]]);
  });

  test("edits of a particle that the data set has no more are kept in the journal", async () => {
    await killed((all) => all.submit("TS_1", [edit(1, add("a", 10)), edit(2, { do: "delete", id: "a" })]));
    const text = await readFile(journal(), "utf8");
    const data = await dataset();
    const particles = data.particles.filter(({ name }) => name !== "ribosome");
    await expect(withinSession({ ...data, particles }, anna, (all) => all.run("TS_1"))).rejects.toThrow(
      "there is no particle ribosome; mend the data set",
    );
    expect(await readFile(journal(), "utf8")).toBe(text);
    await session(async (all) => {
      expect((await all.run("TS_1")).state().picks.map(({ status }) => status)).toEqual(["deleted"]);
    });
  });

  test("a file that another program has changed is never overwritten, and counts where no edit waits", async () => {
    await session((all) => all.submit("TS_1", [edit(1, add("a", 10))]));
    const theirs = (await readFile(ownFile(folder, "ribosome"), "utf8")).replace('"x": 10', '"x": 11');
    await writeFile(ownFile(folder, "ribosome"), theirs);
    await session(async (all) => {
      const { picks } = (await all.run("TS_1")).state();
      expect(picks.map(({ at }) => at[0])).toEqual([11]);
      await all.submit("TS_1", [edit(2, add("b", 20))]);
      await all.fold();
      await appendFile(ownFile(folder, "ribosome"), " ");
      const changed = await readFile(ownFile(folder, "ribosome"), "utf8");
      await all.submit("TS_1", [edit(3, add("c", 30))]);
      await expect(all.fold()).rejects.toThrow("another program has changed it");
      expect((await all.run("TS_1")).state()).toMatchObject({
        isFolded: false,
        trouble: expect.stringContaining("wait in"),
      });
      expect(await readFile(ownFile(folder, "ribosome"), "utf8")).toBe(changed);
    }).catch((error: Error) => expect(error.message).toContain("another program has changed it"));
    await expect(session((all) => all.run("TS_1"))).rejects.toThrow("another program has changed it");
    await rename(ownFile(folder, "ribosome"), join(folder, "theirs.json"));
    await session((all) => all.run("TS_1"));
    expect((await read()).map(({ x }) => x)).toEqual([11, 20, 30]);
  });

  test("fields that copick and others keep in a file stay as they are", async () => {
    const point = {
      location: { x: 1, y: 2, z: 3 },
      transformation_: [
        [1, 0, 0, 5],
        [0, 1, 0, 6],
        [0, 0, 1, 7],
        [0, 0, 0, 1],
      ],
      instance_id: 9,
      score: 0.25,
      metadata: { a: "b" },
    };
    await writeFile(
      ownFile(folder, "ribosome"),
      JSON.stringify({
        pickable_object_name: "ribosome",
        user_id: "anna",
        session_id: "1",
        unit: "angstrom",
        trust_orientation: true,
        points: [point, point],
      }),
    );
    await session(async (all) => {
      const [first] = (await all.run("TS_1")).state().picks;
      await all.submit("TS_1", [edit(1, { do: "move", id: first!.id, at: [4, 5, 6] })]);
    });
    const document = JSON.parse(await readFile(ownFile(folder, "ribosome"), "utf8"));
    expect(document.trust_orientation).toBe(true);
    expect(document.points).toEqual([{ ...point, location: { x: 4, y: 5, z: 6 } }, point]);
  });

  test("suggestions are answered one by one, and only accepted ones are written", async () => {
    await session(async (all) => {
      const run = await all.run("TS_1");
      const rest = { score: 0.9 };
      await run.suggest([10, 20, 30].map((x) => ({ type: "ribosome", at: [x, 1, 1], rest })));
      const ids = run.state().picks.map(({ id }) => id);
      await all.submit("TS_1", [
        edit(1, { do: "accept", id: ids[0]! }, { do: "reject", id: ids[1]! }, { do: "accept", id: ids[2]! }),
        edit(2, { do: "recall", id: ids[2]! }),
      ]);
      expect(run.state().picks.map(({ status }) => status)).toEqual(["kept", "rejected", "suggested"]);
      expect(await run.suggest([{ type: "ribosome", at: [40, 1, 1], rest }])).toBe(1);
      expect(run.state().picks.map(({ status }) => status)).toEqual(["kept", "rejected", "suggested"]);
    });
    expect(await read()).toEqual([{ type: "ribosome", x: 10, y: 1, z: 1, score: 0.9 }]);
    await session(async (all) => {
      expect((await all.run("TS_1")).state().picks.map(({ at }) => at[0])).toEqual([10, 20, 40]);
    });
  });

  test("two studios on one session, pickbench's own user and names of two parts are refused; two users are not", async () => {
    await session(async () => {
      await expect(session(async () => 1)).rejects.toThrow("another studio (process");
      expect(await session(async () => 2, { userId: "carl", sessionId: "1" })).toBe(2);
    });
    await expect(session(async () => 1, { userId: "pickbench", sessionId: "1" })).rejects.toThrow(
      "--user pickbench",
    );
    await expect(session(async () => 1, { userId: "a_b", sessionId: "1" })).rejects.toThrow(
      "give another --user",
    );
    await expect(session(async () => 1, { userId: "../x", sessionId: "1" })).rejects.toThrow(
      "give another --user",
    );
  });

  test("a damaged journal is refused by its line", async () => {
    await session((all) => all.submit("TS_1", [edit(1, add("a", 10))]));
    await writeFile(journal(), `nonsense\n${await readFile(journal(), "utf8")}`);
    await expect(session((all) => all.run("TS_1"))).rejects.toThrow("line 1 is damaged");
  });
});
