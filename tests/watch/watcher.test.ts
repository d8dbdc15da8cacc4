import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readLedger } from "../../src/watch/ledger.js";
import { askRetry } from "../../src/watch/requests.js";
import { standingsOf } from "../../src/watch/standing.js";
import { mrcBytes, storeFiles } from "../support/arrivingTomograms.js";
import { temporaryFolder, writeTree } from "../support/storeFixtures.js";
import { doneText, scene } from "../support/watching.js";

const second = 1000;
const minute = 60_000;
const failure = { end: "failed", reason: "no ice" } as const;

const statesIn = ({ standings }: Awaited<ReturnType<ReturnType<typeof scene>["watch"]>>) =>
  Object.fromEntries(standings.map(({ run, state }) => [run, state]));

test("each is done once, as it comes, and the watcher ends when nothing came for a while", async () => {
  const { arrive, at, begun, watch, now, reporter } = scene();
  arrive("TS_1.mrc");
  at(45 * second, () => arrive("TS_2.mrc"));
  at(30 * minute, () => arrive("TS_3.mrc"));
  const end = await watch(undefined, { idle: 40 * minute });
  expect(begun.map(({ run }) => run)).toEqual(["TS_1", "TS_2", "TS_3"]);
  expect(statesIn(end)).toEqual({ TS_1: "done", TS_2: "done", TS_3: "done" });
  expect(now()).toBeGreaterThan(70 * minute);
  expect(now()).toBeLessThan(72 * minute);
  expect(reporter.notes.at(-1)).toMatch(/^the watcher ends: nothing came for 40 min/);
});

test("the fields of a tomogram are its run, its path, the folder and an output folder of its own", async () => {
  const { data, out, begun, watch } = scene();
  writeTree(
    join(data, "ExperimentRuns/TS 1's/VoxelSpacing10.000/denoised.zarr"),
    Object.fromEntries(storeFiles()),
  );
  mkdirSync(join(data, "static"));
  renameSync(join(data, "ExperimentRuns"), join(data, "static/ExperimentRuns"));
  await watch();
  const path = join(data, "static/ExperimentRuns/TS 1's/VoxelSpacing10.000/denoised.zarr");
  expect(begun).toMatchObject([
    { run: "TS 1's", tomogram: path, data, out: join(out, "TS 1's"), attempt: 1 },
  ]);
});

test("names of unfinished files are passed over until they are renamed", async () => {
  const { data, at, begun, watch, now } = scene();
  for (const name of [".TS_1.mrc", "TS_2.mrc.part", "TS_3.mrc.tmp", ".TS_4.mrc.Xw3k"])
    writeFileSync(join(data, name), mrcBytes());
  writeTree(join(data, "TS_5.tmp"), { "tomogram.mrc": mrcBytes() });
  const began: number[] = [];
  at(300 * second, () => renameSync(join(data, "TS_2.mrc.part"), join(data, "TS_2.mrc")));
  await watch(() => {
    began.push(now());
    return { end: "done", seconds: 1 };
  });
  expect(begun.map(({ run }) => run)).toEqual(["TS_2"]);
  expect(began[0]).toBeGreaterThanOrEqual(300 * second);
});

test("what fails is tried again after 1 and 5 minutes, then set aside with its reason", async () => {
  const { arrive, begun, watch, now, reporter } = scene();
  arrive("TS_1.mrc");
  arrive("TS_2.mrc");
  const times: number[] = [];
  const end = await watch(({ run }) => {
    if (run === "TS_1") times.push(now());
    return run === "TS_1" ? failure : { end: "done", seconds: 1 };
  });
  expect(begun.filter(({ run }) => run === "TS_2")).toHaveLength(1);
  expect(begun.filter(({ run }) => run === "TS_1").map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(minute);
  expect(times[1]! - times[0]!).toBeLessThan(minute + 11 * second);
  expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(5 * minute);
  expect(times[2]! - times[1]!).toBeLessThan(5 * minute + 11 * second);
  expect(statesIn(end)).toEqual({ TS_1: "aside", TS_2: "done" });
  expect(end.standings.find(({ run }) => run === "TS_1")).toMatchObject({ reason: "no ice", failures: 3 });
  expect(reporter.notes).toContain("TS_1: failed, set aside after 3 attempts: no ice");
});

test("what was set aside comes back where it is asked for, or is replaced", async () => {
  const first = scene();
  first.arrive("TS_1.mrc");
  first.arrive("TS_2.mrc");
  await first.watch(() => failure, { tries: 1 });
  await askRetry(first.out, "TS_1");
  utimesSync(join(first.data, "TS_2.mrc"), 5, 5);
  const end = await first.watch();
  expect(first.begun.slice(2).map(({ run, attempt }) => [run, attempt])).toEqual([
    ["TS_1", 2],
    ["TS_2", 2],
  ]);
  expect(statesIn(end)).toEqual({ TS_1: "done", TS_2: "done" });
});

test("a tomogram that changes after it was done is said, and done again only with --again-changed", async () => {
  const { arrive, at, data, begun, watch } = scene();
  arrive("TS_1.mrc");
  at(minute, () => utimesSync(join(data, "TS_1.mrc"), 5, 5));
  const end = await watch();
  expect(begun).toHaveLength(1);
  expect(end.standings[0]).toMatchObject({ state: "done", changed: expect.any(String) });
  const again = await watch(undefined, { againChanged: true });
  expect(begun).toHaveLength(2);
  expect(again.standings[0]).toMatchObject({ state: "done", changed: undefined });
});

test("so many are worked on at once, and no more", async () => {
  const { arrive, watch } = scene();
  for (let i = 0; i < 7; i++) arrive(`TS_${i}.mrc`);
  let [running, most] = [0, 0];
  const end = await watch(
    async () => {
      most = Math.max(most, ++running);
      for (let i = 0; i < 20; i++) await new Promise(setImmediate);
      running--;
      return { end: "done", seconds: 1 };
    },
    { jobs: 3 },
  );
  expect(most).toBe(3);
  expect(Object.values(statesIn(end))).toEqual(Array(7).fill("done"));
});

test("a stop file ends it once what runs is done, and is taken away", async () => {
  const { arrive, out, begun, watch } = scene();
  arrive("TS_1.mrc");
  arrive("TS_2.mrc");
  const end = await watch(() => {
    writeFileSync(join(out, "stop"), "");
    return { end: "done", seconds: 1 };
  });
  expect(begun).toHaveLength(1);
  expect(statesIn(end)).toEqual({ TS_1: "done", TS_2: "waiting" });
  expect(existsSync(join(out, "stop"))).toBe(false);
});

test("Ctrl-C stops what runs, which counts no attempt and goes on at the next start", async () => {
  const { arrive, reporter, out, watch } = scene();
  arrive("TS_1.mrc");
  const end = await watch(() => {
    reporter.stop();
    return { end: "interrupted", reason: "stopped" };
  });
  expect(end.ended).toBe("stopped");
  expect(standingsOf((await readLedger(out)).events).get("TS_1")).toMatchObject({
    state: "waiting",
    failures: 0,
  });
});

test("a folder that goes away is said once, and the watcher goes on when it is back", async () => {
  const { arrive, at, data, reporter, begun, watch } = scene();
  arrive("TS_1.mrc");
  at(minute, () => renameSync(data, `${data}-away`));
  at(20 * minute, () => renameSync(`${data}-away`, data));
  at(21 * minute, () => arrive("TS_2.mrc"));
  const end = await watch();
  expect(statesIn(end)).toEqual({ TS_1: "done", TS_2: "done" });
  expect(begun).toHaveLength(2);
  const told = reporter.notes.filter((note) => note.includes(data) && !note.startsWith("over: "));
  expect(told).toEqual([`${data}: it does not exist; check the path; looks again until it can be read`]);
  expect(reporter.notes.filter((note) => note.startsWith("over: "))).toHaveLength(1);
});

test.skipIf(process.getuid?.() === 0)("a folder that may not be read is said, and waited for", async () => {
  const { arrive, at, data, reporter, watch } = scene();
  arrive("TS_1.mrc");
  chmodSync(data, 0);
  at(minute, () => chmodSync(data, 0o755));
  expect(statesIn(await watch())).toEqual({ TS_1: "done" });
  expect(reporter.notes[0]).toContain("permission denied");
});

test("a tomogram that goes away while it runs is no failure, and is done when it is back", async () => {
  const { arrive, at, data, begun, watch } = scene();
  arrive("TS_1.mrc");
  const path = join(data, "TS_1.mrc");
  at(5 * minute, () => renameSync(`${path}.away`, path));
  const end = await watch(() => {
    if (begun.length > 1) return { end: "done", seconds: 1 };
    renameSync(path, `${path}.away`);
    return failure;
  });
  expect(begun).toHaveLength(2);
  expect(end.standings).toMatchObject([{ state: "done", failures: 0 }]);
});

test("outputs that cannot be written to hold everything up, and nothing is done twice when they can again", async () => {
  const { arrive, at, out, reporter, begun, watch } = scene();
  at(minute, () => renameSync(out, `${out}-away`));
  at(2 * minute, () => arrive("TS_1.mrc"));
  at(20 * minute, () => renameSync(`${out}-away`, out));
  const end = await watch();
  expect(statesIn(end)).toEqual({ TS_1: "done" });
  expect(begun).toHaveLength(1);
  expect(reporter.notes.join("\n")).toContain(`the ledger in ${out} cannot be written (it does not exist)`);
  expect(standingsOf((await readLedger(out)).events).get("TS_1")?.state).toBe("done");
});

test.each([-48 * 60 * minute, 48 * 60 * minute])(
  "a clock that jumps by %d ms changes no wait",
  async (by) => {
    const { arrive, at, setClock, watch, now } = scene();
    arrive("TS_1.mrc");
    const times: number[] = [];
    at(40 * second, () => setClock(by));
    await watch(
      () => {
        times.push(now());
        return failure;
      },
      { tries: 2, idle: 10 * minute },
    );
    expect(times).toHaveLength(2);
    expect(times[1]! - times[0]!).toBeLessThan(minute + 11 * second);
    expect(now()).toBeLessThan(14 * minute);
  },
);

test("a failure's wait goes on after a restart, and is never longer than it was", async () => {
  const { arrive, at, setClock, out, begun, watch, now } = scene();
  arrive("TS_1.mrc");
  at(30 * second, () => writeFileSync(join(out, "stop"), ""));
  await watch(() => failure);
  expect(begun).toHaveLength(1);
  setClock(-24 * 60 * minute);
  const from = now();
  let again = 0;
  await watch(() => {
    again = now() - from;
    return { end: "done", seconds: 1 };
  });
  expect(begun).toHaveLength(2);
  expect(again).toBeGreaterThan(20 * second);
  expect(again).toBeLessThan(minute + 11 * second);
});

test("a run whose name no folder can have is set aside with the reason", async () => {
  const { data, begun, watch, reporter } = scene();
  writeFileSync(join(data, "two\nlines.mrc"), mrcBytes());
  writeFileSync(join(data, "stop.mrc"), mrcBytes());
  writeFileSync(join(data, `a "quoted" name's.mrc`), mrcBytes());
  const end = await watch();
  expect(begun.map(({ run }) => run)).toEqual([`a "quoted" name's`]);
  expect(end.standings.filter(({ state }) => state === "aside").map(({ reason }) => reason)).toEqual([
    expect.stringContaining("the watcher has a file or folder of that name"),
    expect.stringContaining("control character"),
  ]);
  expect(reporter.notes.join()).not.toContain("defect");
});

test("of a run with several reconstructions denoised is meant; of others it must be said", async () => {
  const { data, begun, watch } = scene();
  for (const name of ["wbp.mrc", "denoised.mrc"]) writeTree(join(data, "TS_1"), { [name]: mrcBytes() });
  for (const name of ["wbp.mrc", "deconv.mrc"]) writeTree(join(data, "TS_2"), { [name]: mrcBytes() });
  const end = await watch();
  expect(begun.map(({ tomogram }) => tomogram)).toEqual([join(data, "TS_1/denoised.mrc")]);
  expect(end.missing.get("TS_2")).toContain("--tomogram");
});

test("links are followed, and those that lead nowhere are waited for", async () => {
  const { data, at, watch, begun } = scene();
  const elsewhere = temporaryFolder();
  symlinkSync(join(elsewhere, "TS_1.mrc"), join(data, "TS_1.mrc"));
  at(5 * minute, () => writeFileSync(join(elsewhere, "TS_1.mrc"), mrcBytes()));
  await watch();
  expect(begun).toHaveLength(1);
});

test("what a killed watcher had begun and left undone is begun again, and counts no failure", async () => {
  const { arrive, out, begun, watch } = scene();
  arrive("TS_1.mrc");
  await watch(() => failure, { tries: 1 });
  const line = { at: "2026-01-01T00:00:00.000Z", run: "TS_1", state: "running", attempt: 2 };
  appendFileSync(join(out, "ledger.jsonl"), `${JSON.stringify(line)}\n`);
  const end = await watch();
  expect(begun.map(({ attempt }) => attempt)).toEqual([1, 3]);
  expect(end.standings).toMatchObject([{ state: "done", failures: 1 }]);
});

test("where the ledger is lost, end files say what is done", async () => {
  const { arrive, data, out, begun, watch } = scene();
  arrive("TS_1.mrc");
  await watch();
  const { stamp } = begun[0]!;
  writeTree(join(out, "TS_1"), { "done.json": doneText("TS_1", stamp) });
  rmSync(join(out, "ledger.jsonl"));
  utimesSync(join(data, "TS_1.mrc"), 5, 5);
  const again = await watch();
  expect(begun).toHaveLength(1);
  expect(again.standings).toMatchObject([{ state: "done", changed: expect.any(String) }]);
});

test("a workflow that follows is done after every so many, at the end, and not again for nothing", async () => {
  const { arrive, at, out, begun, watch } = scene();
  for (let i = 0; i < 5; i++) at(i * minute, () => arrive(`TS_${i}.mrc`));
  const then = { path: "/then.yaml", every: 2 };
  await watch(undefined, { then });
  expect(begun.map(({ run }) => run.slice(0, 4))).toEqual(
    "TS_0 TS_1 then TS_2 TS_3 then TS_4 then".split(" "),
  );
  expect(begun.at(-1)).toMatchObject({ workflow: "/then.yaml", out: join(out, "then"), stamp: "5" });
  const at0 = "2026-01-01T00:00:00.000Z";
  const end = { run: "then", tomogram: "x", stamp: "5", attempt: 5, startedAt: at0, finishedAt: at0 };
  writeTree(join(out, "then"), { "done.json": JSON.stringify({ ...end, done: [], skipped: [] }) });
  await watch(undefined, { then });
  expect(begun).toHaveLength(8);
});

test("--once looks twice, tries each once, and ends", async () => {
  const { arrive, begun, watch, now } = scene();
  arrive("TS_1.mrc");
  arrive("TS_2.mrc");
  const end = await watch(({ run }) => (run === "TS_1" ? failure : { end: "done", seconds: 1 }), {
    once: true,
  });
  expect(statesIn(end)).toEqual({ TS_1: "failed", TS_2: "done" });
  expect(begun).toHaveLength(2);
  expect(now()).toBeLessThan(minute);
});
