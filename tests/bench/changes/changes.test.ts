import { describe, expect, test } from "vitest";
import { type Comparison, compareRuns } from "../../../src/bench/changes/changes.js";
import { comparisonText, differencesOf } from "../../../src/bench/changes/changesText.js";
import { failingOf } from "../../../src/bench/changes/failing.js";
import type { HistoryEntry } from "../../../src/bench/history.js";
import type { BenchRow } from "../../../src/bench/measured.js";
import { median, quartiles } from "../../../src/bench/medians.js";
import { randomFor } from "../../../src/domain/random.js";
import { benchMachine, benchRun, ratioFields, timeFields } from "../../support/benchResults.js";

const net = { part: "networks", net: "plain", size: 32, threads: 1, peer: "torch" };
const network = (ratio: number, spread?: number, repetitions?: number): BenchRow => ({
  ...net,
  ...ratioFields("train", ratio, spread, repetitions),
});
const other = { ...benchMachine, cpu: "Xeon", processor: { arch: "x64", block: 8, model: "Intel 6/85" } };

const verdicts = ({ changes }: Comparison) =>
  changes.map(({ name, by, change, verdict }) => [name, by, Math.round(100 * change), verdict]);
const compared = (before: BenchRow[], after: BenchRow[], changes: Partial<HistoryEntry> = {}) =>
  compareRuns(benchRun(before), benchRun(after, changes), 0.05);

describe("a ratio", () => {
  test.each([
    ["is slower where its range lies above", 0.5, 0.6, 0.02, ["train", "ratio", 20, "slower"]],
    ["is faster where it lies below", 0.6, 0.5, 0.02, ["train", "ratio", -17, "faster"]],
    ["is within noise where the ranges meet", 0.5, 0.6, 0.1, ["train", "ratio", 20, "same"]],
    ["is within noise below the share that counts", 0.5, 0.52, 0.001, ["train", "ratio", 4, "same"]],
    ["has changed just above it", 0.5, 0.53, 0.001, ["train", "ratio", 6, "slower"]],
  ])("%s", (_, before, after, spread, verdict) => {
    expect(verdicts(compared([network(before, spread)], [network(after, spread)]))).toEqual([verdict]);
  });

  test("of quartiles that do not meet is within noise where their notches do: few have narrow quartiles", () => {
    const [before, after] = [0.5, 0.56].map((ratio) => network(ratio, 0.055, 5)) as [BenchRow, BenchRow];
    expect(before.train_ratio_q3).toBeLessThan(Number(after.train_ratio_q1));
    expect(verdicts(compared([before], [after]))).toEqual([["train", "ratio", 12, "same"]]);
    const many = [0.5, 0.56].map((ratio) => network(ratio, 0.055, 20)) as [BenchRow, BenchRow];
    expect(verdicts(compared([many[0]], [many[1]]))).toEqual([["train", "ratio", 12, "slower"]]);
  });

  test("of four repetitions says nothing, on whichever side", () => {
    const [few, many] = [network(0.5, 0.02, 4), network(1, 0.02)];
    for (const [before, after] of [
      [few, many],
      [many, few],
    ] as const)
      expect(compared([before], [after]).changes[0]!.verdict).toBe("unsure");
  });

  test("says the least change that the spread leaves", () => {
    const [slower, faster, none] = [
      compared([network(0.5, 0.02, 100)], [network(0.75, 0.02, 100)]),
      compared([network(0.75, 0.02, 100)], [network(0.5, 0.02, 100)]),
      compared([network(0.5, 0.3)], [network(0.6, 0.3)]),
    ].map(({ changes }) => changes[0]!.atLeast);
    expect(slower).toBeCloseTo((0.75 * 0.98) / (0.5 * 1.02) - 1, 3);
    expect(faster).toBeCloseTo((0.5 * 1.02) / (0.75 * 0.98) - 1, 3);
    expect(none).toBe(0);
  });

  test("is compared on another machine too, where times are not", () => {
    const rows = [network(0.5), { part: "augment", ...timeFields("patch", 10, null) }];
    const comparison = compared(rows, rows, { machine: other });
    expect(comparison.sameMachine).toBe(false);
    expect(verdicts(comparison)).toEqual([["train", "ratio", 0, "same"]]);
    expect(comparison.notCompared).toEqual([
      expect.objectContaining({ part: "augment", name: "patch", why: expect.stringMatching(/two machines/) }),
    ]);
  });

  test("to another version of the peer, or to another peer, is not compared: the time is, on the same machine", () => {
    const versions = { ...benchRun([]).versions, torch: "2.1.0" };
    const row = (peer: string) => [{ ...network(0.5), peer }];
    expect(verdicts(compared(row("torch"), row("torch"), { versions }))).toEqual([
      ["train", "ms", 0, "same"],
    ]);
    expect(verdicts(compared(row("torch"), row("jax")))).toEqual([["train", "ms", 0, "same"]]);
    const elsewhere = compared(row("torch"), row("torch"), { versions, machine: other });
    expect(elsewhere.changes).toEqual([]);
    expect(elsewhere.notCompared[0]!.why).toMatch(/same version of torch/);
  });
});

test.each([
  [5, 0.115],
  [7, 0.05],
  [15, 0.01],
])("of two runs of %i repetitions that are alike, few are called changed", (repetitions, share) => {
  const trials = 4000;
  const random = randomFor(3, "tests/alike", repetitions);
  const drawn = (): BenchRow => {
    const ratios = Array.from({ length: repetitions }, () => Math.exp(0.1 * random.normal()));
    const [q1, q3] = quartiles(ratios);
    const figures = { train_ratio: median(ratios), train_ratio_q1: q1, train_ratio_q3: q3 };
    return { ...network(1), ...figures, train_repetitions: repetitions };
  };
  const called = Array.from({ length: trials }, () => {
    const { changes } = compareRuns(benchRun([drawn()]), benchRun([drawn()]), 0);
    return changes[0]!.verdict !== "same";
  });
  expect(called.filter(Boolean).length / trials).toBeLessThan(share);
});

describe("without a peer", () => {
  const alone = (ms: number, share: number) => [
    { part: "pick", voxels: 8, ...timeFields("pick", ms, share) },
  ];

  test("the share of the peak is compared, of which half is a time twice as long", () => {
    const [before, after] = [alone(100, 0.4), alone(100, 0.2)];
    const elsewhere = compareRuns(benchRun(before), benchRun(after, { machine: other }), 0.05);
    expect(verdicts(elsewhere)).toEqual([["pick", "peak share", 100, "slower"]]);
  });

  test("on the same machine the time must have changed as well: the peak is measured once", () => {
    expect(verdicts(compared(alone(100, 0.4), alone(101, 0.2)))).toEqual([
      ["pick", "peak share", 100, "same"],
    ]);
    expect(verdicts(compared(alone(100, 0.4), alone(200, 0.2)))).toEqual([
      ["pick", "peak share", 100, "slower"],
    ]);
    expect(verdicts(compared(alone(100, 0.4), alone(50, 0.2)))).toEqual([
      ["pick", "peak share", 100, "same"],
    ]);
  });

  test("the fixed time that the challenge allows is none", () => {
    const row = (ratio: number) => [{ part: "predict", peer: "challenge", ...ratioFields("predict", ratio) }];
    expect(verdicts(compared(row(0.5), row(0.7)))).toEqual([["predict", "ms", 40, "slower"]]);
    expect(compared(row(0.5), row(0.7), { machine: other }).changes).toEqual([]);
  });
});

test("what only one run timed is named, by network, size, threads and name", () => {
  const both = { ...network(0.5), ...ratioFields("infer", 0.3) };
  const comparison = compared(
    [both, { ...network(0.5), size: 64 }],
    [network(0.5), { ...network(0.5), threads: 2 }],
  );
  expect(verdicts(comparison)).toEqual([["train", "ratio", 0, "same"]]);
  expect(comparison.onlyBefore).toEqual([
    { part: "networks", facts: { net: "plain", size: 32, threads: 1 }, name: "infer" },
    { part: "networks", facts: { net: "plain", size: 64, threads: 1 }, name: "train" },
  ]);
  expect(comparison.onlyAfter).toEqual([
    { part: "networks", facts: { net: "plain", size: 32, threads: 2 }, name: "train" },
  ]);
});

test("of rows beside two peers, each is compared with its own", () => {
  const row = (peer: string, ratio: number) => ({
    part: "read",
    voxels: 8,
    peer,
    ...ratioFields("read", ratio),
  });
  const { changes, onlyBefore } = compared(
    [row("zarr-python", 0.8), row("zarrita", 0.4)],
    [row("zarrita", 0.4), row("zarr-python", 0.4)],
  );
  expect(changes.map(({ peer, verdict }) => [peer, verdict])).toEqual([
    ["zarrita", "same"],
    ["zarr-python", "faster"],
  ]);
  expect(onlyBefore).toEqual([]);
});

test.each([
  ["zero", { train_ms: 0, train_ratio: 0 }],
  ["nothing", { train_ms: null, train_ratio: null }],
  ["10³⁰⁸ ms", { train_ms: 1e308, train_ratio: 1e308, train_ratio_q3: 1e308 }],
])("a time of %s is not compared, and why is said", (_, broken) => {
  for (const [before, after, when] of [
    [{ ...network(0.5), ...broken }, network(0.5), "before"],
    [network(0.5), { ...network(0.5), ...broken }, "after"],
  ] as const)
    expect(compared([before], [after])).toMatchObject({
      changes: [],
      notCompared: [{ why: `no time between 0 and 30 years with its quartiles is noted ${when}` }],
    });
});

test("other machines and versions are said, what only one run knows is not", () => {
  const versions = { pickbench: "0.2.0", node: "20.0.0", onnxruntime: "1.30.0", skimage: "0.19" };
  const [before, after] = [benchRun([]), benchRun([], { machine: other, versions })];
  expect(differencesOf(before, after, compareRuns(before, after, 0.05))).toEqual([
    "another machine: 2 cores of Xeon (x64 with AVX2, Intel 6/85), was 2 cores of AMD EPYC (x64 with AVX-512, AuthenticAMD 25/17); ratios and shares of the peak are compared, no times",
    "another pickbench: 0.2.0, was 0.1.0",
  ]);
});

describe("failing", () => {
  const rule = { share: 0.2, careful: false };
  const failed = (
    before: HistoryEntry,
    after: HistoryEntry,
    { careful, share }: { careful: boolean; share: number } = rule,
  ) => failingOf(compareRuns(before, after, 0.05), before, after, { share, careful });
  const names = ({ failed: changes }: ReturnType<typeof failed>) => changes.map(({ name }) => name);

  test.each([
    ["slower by more", 0.5, 0.61, 0.02, ["train"]],
    ["slower by less", 0.5, 0.59, 0.02, []],
    ["faster", 0.61, 0.5, 0.02, []],
    ["slower within noise", 0.5, 0.65, 0.2, []],
  ])("what became %s", (_, before, after, spread, fails) => {
    const found = failed(benchRun([network(before, spread)]), benchRun([network(after, spread)]));
    expect(names(found)).toEqual(fails);
    expect(found.excused).toBeNull();
  });

  const careful = { share: 0.2, careful: true };
  const [before, after] = [benchRun([network(0.5)]), benchRun([network(0.75)])];

  test("carefully takes the least change of a ratio", () => {
    expect(names(failed(before, after, careful))).toEqual(["train"]);
    expect(names(failed(before, benchRun([network(0.61)])))).toEqual(["train"]);
    expect(names(failed(before, benchRun([network(0.61)]), careful))).toEqual([]);
    const alone = (ms: number) => benchRun([{ part: "pick", ...timeFields("pick", ms, 10 / ms) }]);
    expect(names(failed(alone(50), alone(90)))).toEqual(["pick"]);
    expect(names(failed(alone(50), alone(90), careful))).toEqual([]);
  });

  const ratiosAlone = (row: BenchRow) =>
    Object.fromEntries(Object.entries(row).filter(([field]) => !/_(ms|repetitions)$/.test(field)));

  test("carefully leaves alone what takes as long as before, beside a faster peer", () => {
    const faster = benchRun([{ ...timeFields("train", 50, null), ...ratiosAlone(network(0.75)) }]);
    expect(names(failed(before, faster))).toEqual(["train"]);
    expect(names(failed(before, faster, careful))).toEqual([]);
  });

  test("carefully is excused on another kind of processor, or one that is not named", () => {
    const { processor: _, ...unnamed } = benchMachine;
    for (const machine of [other, unnamed, { ...benchMachine, cores: 4 }]) {
      expect(failed(before, { ...after, machine }, careful)).toMatchObject({
        failed: [],
        excused: expect.stringMatching(/nothing fails between kinds/),
      });
      expect(names(failed(before, { ...after, machine }))).toEqual(["train"]);
    }
  });

  test("carefully is excused where either run was on a busy machine", () => {
    const busy = (run: HistoryEntry) => ({ ...run, peak: { ...run.peak, gflopPerS: 150 } });
    for (const [was, is] of [
      [busy(before), after],
      [before, busy(after)],
    ] as const)
      expect(failed(was, is, careful)).toMatchObject({
        failed: [],
        excused: expect.stringMatching(/^the machine's peak is \d+ GFLOP\/s, was \d+: .*busy/),
      });
    expect(names(failed(busy(before), busy(after), careful))).toEqual(["train"]);
  });
});

test("the text: both runs, a line a thing, what was left out, and what fails", () => {
  const score = (ratio: number) => ({
    part: "score",
    rows: 150,
    peer: "scipy",
    ...ratioFields("process", ratio),
  });
  const patch = (ms: number) => ({ part: "augment", ...timeFields("patch", ms, null) });
  const [before, after] = [
    benchRun([network(0.5), score(0.3), patch(8), { ...network(0.4), net: "baseline" }]),
    benchRun([network(0.7), score(0.301), patch(8)], { machine: { ...benchMachine, cores: 4 } }),
  ];
  const comparison = compareRuns(before, after, 0.05);
  const failing = failingOf(comparison, before, after, { share: 0.2, careful: false });
  const text = comparisonText(
    [
      { path: "a.json", entry: before },
      { path: "b.json", entry: after },
    ],
    comparison,
    failing,
  );
  expect(`\n${text}\n`).toBe(`
before: a.json, 2026-01-02 03:04:05 UTC, commit 01234567, 2 cores of AMD EPYC (x64 with AVX-512, AuthenticAMD 25/17)
after:  b.json, 2026-01-02 03:04:05 UTC, commit 01234567, 4 cores of AMD EPYC (x64 with AVX-512, AuthenticAMD 25/17)
another machine: 4 cores of AMD EPYC (x64 with AVX-512, AuthenticAMD 25/17), was 2 cores of AMD EPYC (x64 with AVX-512, AuthenticAMD 25/17); ratios and shares of the peak are compared, no times

timed                             by  before       quartiles  after       quartiles  change       verdict
networks plain train  ratio to torch     0.5    0.49 to 0.51    0.7  0.686 to 0.714   +40 %        slower
score process         ratio to scipy     0.3  0.294 to 0.306  0.301  0.295 to 0.307     0 %  within noise

not compared: augment patch: it has neither a peer nor a share of the peak, and the times are of two machines
only before: networks baseline train
of 2 things: 1 slower, 1 within noise
fails: networks plain train (at least 34 % slower)
`);
});
