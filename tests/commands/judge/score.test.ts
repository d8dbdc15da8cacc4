import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { pickbench } from "../../support/commandLine.js";

let folder: string;
let truth: string;
let submission: string;
const header = "id,experiment,particle_type,x,y,z\n";

const write = (name: string, content: string): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-score-"));
  truth = write("truth.csv", `${header}0,TS_1,ribosome,500,500,500\n1,TS_2,ribosome,900,900,900\n`);
  submission = write("submission.csv", `${header}0,TS_1,ribosome,505,500,500\n1,TS_2,ribosome,100,100,100\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("pickbench score", () => {
  test("prints a table and the score", async () => {
    const { stdout, code } = await pickbench("score", submission, "--truth", truth, "--interval");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^type +F4 +precision +recall/);
    expect(stdout).toMatch(/ribosome +0\.5000 +0\.5000 +0\.5000 +1 +1 +1/);
    expect(stdout).toMatch(/score 0\.0714 {2}\(90 % interval over experiments: 0\.\d{4} to 0\.\d{4}\)/);
  });

  test("compares two submissions, and does not say which is better of two on two experiments", async () => {
    const other = write("other.csv", `${header}0,TS_1,ribosome,505,500,500\n1,TS_2,ribosome,905,900,900\n`);
    const { stdout, stderr, code } = await pickbench(
      "score",
      other,
      "--truth",
      truth,
      "--against",
      submission,
    );
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/score +0\.1429 +0\.0714 +\+0\.0714/);
    expect(stdout).toMatch(/p = 1 .* \(2 experiments, 1 experiment with different counts; no p under 1 is/);
    expect(stdout).toMatch(/^Too few experiments to tell which is better: .* takes 6 or more\.$/m);
    expect(stdout).not.toMatch(/is better than/);
    const json = await pickbench("score", other, "--truth", truth, "--against", submission, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      a: other,
      b: submission,
      verdict: "too few",
      differing: 1,
    });
  });

  test("seeds: mean ± standard error", async () => {
    const none = write("nothing.csv", header);
    const { stdout, code } = await pickbench(
      "score",
      submission,
      "--truth",
      truth,
      "--seeds",
      none,
      submission,
    );
    expect(code).toBe(0);
    // F 0.5, 0, 0.5: mean 1/3, standard error 1/6
    expect(stdout).toMatch(/^ribosome +0\.3333 ± 0\.1667$/m);
  });

  test("a folder of picks serves as truth; runs that nobody picked are no part of it", async () => {
    const picks = (run: string, points: object[]) =>
      write(
        `data/overlay/ExperimentRuns/${run}/Picks/ribosome.json`,
        JSON.stringify({ pickable_object_name: "ribosome", points }),
      );
    picks("TS_1", [{ location: { x: 500, y: 500, z: 500 } }]);
    picks("TS_2", []);
    mkdirSync(join(folder, "data/overlay/ExperimentRuns/TS_3"), { recursive: true });
    mkdirSync(join(folder, "data/static/ExperimentRuns/TS_1"), { recursive: true });
    const csv = write(
      "three.csv",
      `${header}0,TS_1,ribosome,505,500,500\n1,TS_2,ribosome,1,1,1\n2,TS_3,unicorn,1,1,1\n`,
    );
    const { stdout, stderr, code } = await pickbench("score", csv, "--truth", join(folder, "data"), "--json");
    expect([stderr, code]).toEqual(["", 0]);
    const report = JSON.parse(stdout);
    expect(report.experiments).toBe(2);
    expect(report.perType.ribosome).toMatchObject({ tp: 1, fp: 1, fn: 0 });
    expect(report.dropped.experiment).toBe(1);
  });

  test.each([
    ["a broken submission", () => [write("short.csv", `${header}0,TS_1\n`), "--truth", truth], /row 2 of /],
    ["an empty submission", () => [write("empty.csv", ""), "--truth", truth], /is empty/],
    ["a missing submission", () => [join(folder, "none.csv"), "--truth", truth], /cannot read/],
    ["a missing truth", () => [submission, "--truth", join(folder, "nowhere")], /nowhere/],
    ["an empty truth", () => [submission, "--truth", write("bare.csv", header)], /holds no particle/],
    [
      "a truth with a place twice",
      () => [submission, "--truth", write("twice.csv", `${header}0,A,ribosome,1,1,1\n1,A,ribosome,1,1,1\n`)],
      /two particles at x y z = 1 1 1/,
    ],
    ["no truth", () => [submission], /truth/],
    [
      "an unknown type in the other submission",
      () => [
        submission,
        "--truth",
        truth,
        "--against",
        write("unicorn.csv", `${header}0,TS_1,unicorn,1,1,1\n`),
      ],
      /row 2 of .*unicorn\.csv/,
    ],
    ["an unknown flag", () => [submission, "--truth", truth, "--fast"], /fast/],
  ])("%s: exit code 1 and one sentence", async (_, args, message) => {
    const { stdout, stderr, code } = await pickbench("score", ...args());
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

const shared = fileURLToPath(new URL("../../../../shared/data/czii-truth/train", import.meta.url));

test.skipIf(!existsSync(shared))(
  "the challenge's truth scored against itself (skipped without ../shared)",
  async () => {
    const csv = write("own.csv", header);
    const { stdout, code } = await pickbench("score", csv, "--truth", shared, "--json");
    expect(code).toBe(0);
    const { perType, experiments, score } = JSON.parse(stdout);
    expect([experiments, score]).toEqual([7, 0]);
    const truths = Object.values(perType as Record<string, { truths: number }>).reduce(
      (sum, type) => sum + type.truths,
      0,
    );
    expect(truths).toBe(1269);
  },
);

describe("what a score does not say by itself", () => {
  const types = ["apo-ferritin", "ribosome", "thyroglobulin"];
  const random = randomFor(3, "score notes");
  const particles = ["TS_1", "TS_2"].flatMap((run) =>
    types.flatMap((type) =>
      Array.from({ length: 6 }, () => ({
        run,
        type,
        at: [6000 * random.uniform(), 5800 * random.uniform(), 1700 * random.uniform()] as const,
      })),
    ),
  );
  type At = readonly [number, number, number];
  const csv = (name: string, read: (at: At) => readonly number[], runs = ["TS_1", "TS_2"]) =>
    write(
      name,
      header +
        particles
          .filter(({ run }) => runs.includes(run))
          .map(({ run, type, at }, id) => `${id},${run},${type},${read(at).join(",")}\n`)
          .join(""),
    );
  const same = (at: At) => at;
  const score = async (path: string, ...flags: string[]) =>
    pickbench("score", path, "--truth", csv("right.csv", same), ...flags);

  test.each<[string, (at: At) => readonly number[], RegExp]>([
    [
      "voxels of the challenge",
      (at) => at.map((v) => Math.floor(v / 10.012)),
      /in nm or in voxels of about 10 Å, not in Å \(36\)/,
    ],
    [
      "voxels of 13.48 Å",
      (at) => at.map((v) => Math.round(v / 13.48)),
      /in voxels of about 13\.[45] Å, not in Å \(\d+\)/,
    ],
    [
      "indices of an array",
      ([x, y, z]) => [z, y, x].map((v) => v / 10.012),
      /in voxels of about 10.0 Å, not in Å, and in the order z, y, x/,
    ],
    ["z, y, x", ([x, y, z]) => [z, y, x], /if they were in the order z, y, x \(36\)/],
    ["x, z, y", ([x, y, z]) => [x, z, y], /if they were in the order x, z, y \(36\)/],
    ["nm", (at) => at.map((v) => v / 10), /in nm or in voxels of about 10 Å, not in Å \(36\)/],
  ])("picks that look like %s are named", async (name, read, words) => {
    const { stdout, code } = await score(csv("misread.csv", read));
    expect(code).toBe(0);
    expect(stdout, name).toMatch(words);
    expect(stdout).toMatch(/the picks do not meet the truth \(\d of 36 particles found\)/);
  });

  test("picks in nm of a data set without volumes are nm, and right or random picks are not questioned", async () => {
    const nm = JSON.parse(
      (
        await score(
          csv("nm.csv", (at) => at.map((v) => v / 10)),
          "--json",
        )
      ).stdout,
    );
    expect(nm.notes.reading).toMatchObject({
      words: "in nm or in voxels of about 10 Å, not in Å",
      found: 36,
      of: 36,
    });
    const other = randomFor(4, "elsewhere");
    const elsewhere = () => [6000 * other.uniform(), 5800 * other.uniform(), 1700 * other.uniform()];
    for (const read of [same, elsewhere]) {
      const { stdout } = await score(csv("plain.csv", read), "--json");
      expect(JSON.parse(stdout).notes.reading).toBeNull();
    }
  });

  test("mirrored picks and picks from the centre are named where the truth has volumes", async () => {
    const data = join(folder, "mirrored");
    const store = join(data, "static/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr");
    const shape = [184, 16, 16] as const;
    const writer = await createOmeZarr(store, { shape, spacing: [10, 400, 400].map(angstrom) as never });
    for (let z = 0; z < 184; z += writer.chunkShape[0])
      await writer.writeSlab(z, new Float32Array(256 * Math.min(writer.chunkShape[0], 184 - z)));
    await writer.close();
    const own = particles.filter(({ run }) => run === "TS_1");
    for (const type of types)
      write(
        `mirrored/static/ExperimentRuns/TS_1/Picks/${type}.json`,
        JSON.stringify({
          points: own
            .filter((each) => each.type === type)
            .map(({ at: [x, y, z] }) => ({ location: { x, y, z } })),
        }),
      );
    for (const [words, read] of [
      ["mirrored in z", ([x, y, z]: At) => [x, y, 1840 - z]],
      ["measured from the volume's centre, not its corner", ([x, y, z]: At) => [x - 3200, y - 3200, z - 920]],
    ] as const) {
      const { stdout } = await pickbench("score", csv("data.csv", read, ["TS_1"]), "--truth", data);
      expect(stdout).toContain(`if they were ${words} (18)`);
    }
  });

  test("runs that the CSV lacks, and runs and types that the truth lacks", async () => {
    const one = csv("one.csv", same, ["TS_2"]);
    const { stdout } = await score(one);
    expect(stdout).toMatch(/no pick in 1 of 2 runs of the truth, .*: TS_1; --runs/);
    expect(stdout).toMatch(
      /the truth has no beta-galactosidase, no virus-like-particle: 0\.5714 is the score of picks that are all right/,
    );
    const stray = write("stray.csv", `${header}0,TS_9,ribosome,1,2,3\n`);
    expect((await score(stray)).stdout).toMatch(
      /no pick in 2 of 2 runs .*\n.*runs that the truth lacks: TS_9/,
    );
    const against = await score(csv("both.csv", same), "--against", one);
    expect(against.stderr).toMatch(/one\.csv: no pick in 1 of 2 runs/);
  });

  test("--runs scores these runs alone, and refuses others", async () => {
    const one = csv("one.csv", same, ["TS_2"]);
    const { stdout } = await score(one, "--runs", "TS_2");
    expect(stdout).toMatch(/^score 0\.5714$/m);
    expect(stdout).not.toContain("no pick in");
    const refused = await score(one, "--runs", "TS_2,TS_3");
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/--runs names TS_3, wanted runs with picks in .*: TS_1, TS_2/),
    ]);
  });

  test("columns beside the challenge's are told", async () => {
    const path = write("columns.csv", `,${header.trim()},score\n0,0,TS_1,ribosome,1,2,3,0.9\n`);
    const { stderr, code } = await score(path);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/not read: an index without a name, "score"/)]);
  });
});
