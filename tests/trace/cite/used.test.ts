import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { table } from "../../../src/commands/table.js";
import { pickingSchema } from "../../../src/infer/pick/picking.js";
import { traceOf } from "../../../src/trace/chain.js";
import { citationsOf } from "../../../src/trace/cite/cite.js";
import { type Facts, givenCommand } from "../../../src/trace/cite/facts.js";
import { methodsUsed } from "../../../src/trace/cite/used.js";
import { ensembleSchema } from "../../../src/train/checkpoint/ensembleRecord.js";
import { experimentSchema } from "../../../src/train/experiment/schema.js";
import { note, put } from "../../support/makings.js";

const nothing: Facts = {
  trainings: [],
  ensembles: [],
  commands: [],
  formats: [],
  credits: [],
  versions: [],
  notes: [],
};

const used = (facts: Partial<Facts>) =>
  methodsUsed({ ...nothing, ...facts }).map(({ kind, name }) => `${kind} ${name}`);

const ofCommands = (...lines: string[]) =>
  used({ commands: lines.map((line) => givenCommand(line.split(" "))) });

describe("the methods that were used", () => {
  it("of commands are theirs, and their flags'", () => {
    expect(ofCommands("pick maps --method filament --slab contrast --out x")).toEqual([
      "flag pick --slab",
      "picking filament",
    ]);
    expect(ofCommands("pick maps --out x")).toEqual(["picking watershed"]);
    for (const file of ["--checkpoint=a", "--config a.yaml", "--features a.yaml"])
      expect(ofCommands(`pick maps ${file} --out x`)).toEqual([]);
    expect(ofCommands("simulate --scene=cell --out x", "simulate --scene solution --out y")).toEqual([
      "command simulate",
      "flag simulate --scene cell",
    ]);
    expect(ofCommands("fetch czii --out x", "portal get 10440 --out y")).toEqual([
      ...["command fetch", "flag fetch czii", "command portal", "flag portal 10440"],
    ]);
    expect(ofCommands("open TS_1 --for napari,imod", "search a.yaml")).toEqual([
      ...["viewer napari", "viewer imod", "training search"],
    ]);
    expect(ofCommands("toString --constructor", "no-command")).toEqual([]);
  });

  it("of an ensemble are its average's, its choice's and its picking's", () => {
    const member = { sha256: "0".repeat(64), experiment: "a", weight: 1, score: 0.5, trainedOn: null };
    const record = ensembleSchema.parse({
      ...{ average: "logits", choice: "greedy", tune: ["TS_1"], members: [member] },
    });
    const settings = pickingSchema.parse({ method: "peaks", threshold: 0.5, minVolume: 0, minSpacing: 10 });
    expect(used({ ensembles: [{ ...record, picking: new Map([["ribosome", settings]]) }] })).toEqual([
      ...["ensemble logits", "ensemble greedy", "picking peaks"],
    ]);
  });

  it("of formats are those of files and flags", () => {
    expect(used({ formats: ["mrc", "zarr", "star", "tbl", "csv", "json", "stopgap", "xyz"] })).toEqual([
      ...["format mrc", "format zarr", "format relion3", "format dynamo", "format stopgap"],
    ]);
  });

  it("of a training are its network's, losses', optimiser's and what its keys turn on", () => {
    const experiment = experimentSchema.parse({
      name: "a",
      network: "segresnet",
      splits: { train: 1, tune: 1, holdout: 0 },
      head: { offsets: true },
      loss: [{ kind: "focal" }, { kind: "tversky" }],
      augment: { mixup: 0.2 },
      data: { spectrum: "match" },
      optimiser: { average: 0 },
      picking: { method: "peaks" },
      engine: "tfjs",
      budget: "3 steps",
    });
    expect(used({ trainings: [{ experiment }] })).toEqual([
      ...["architecture segresnet", "loss focal", "loss tversky", "training adamw", "training cosine"],
      ...[
        "training mixup",
        "training offsets",
        "training spectrum",
        "picking peaks",
        "engine tfjs",
        "format zarr",
      ],
    ]);
  });
});

const defaultOf = async (name: string, flag: string) =>
  (await table[name]!.load()).command.definitions().options[flag]!.default;

describe("what is said of flags that are not given", () => {
  it("is what their commands take them for", async () => {
    expect(ofCommands("open TS_1")).toEqual(
      String(await defaultOf("open", "for"))
        .split(",")
        .map((viewer) => `viewer ${viewer}`),
    );
    const folder = await mkdtemp(join(tmpdir(), "cite-"));
    await put(join(folder, "made/a"), "a");
    await note({ folder, at: 1, writes: ["made"], command: ["simulate", "--out", "made"] });
    const { paragraph } = await citationsOf(await traceOf(join(folder, "made")));
    await rm(folder, { recursive: true });
    const [count, size, seed] = await Promise.all(
      ["count", "size", "seed"].map((flag) => defaultOf("simulate", flag)),
    );
    expect(paragraph).toContain(`${count} tomograms of ${String(size).replaceAll(",", "×")} voxels`);
    expect(paragraph).toContain(`solutions, seed ${seed},`);
    expect(await defaultOf("simulate", "scene")).toBe("solution");
  });
});

describe("a command line", () => {
  it("is read into flags with values behind them, behind an equals sign, or without one", () => {
    const { flags } = givenCommand(["pick", "a", "--out", "x", "--method=peaks", "--flat", "--size", "-1"]);
    expect([...flags]).toEqual([
      ["out", "x"],
      ["method", "peaks"],
      ["flat", "true"],
      ["size", "-1"],
    ]);
  });
});

describe("what is to be cited", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cite-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("names raw data for people to cite, simulated data by their densities, and portal data by their number", async () => {
    await put(join(folder, "raw/a"), "a");
    await put(join(folder, "made/a"), "a");
    await put(join(folder, "portal/a"), "a");
    const metadata = "portal/TS_1/Reconstructions/VoxelSpacing10.000/Annotations/100";
    const publications = "10.1101/2024.11.04.621686, EMPIAR-12345,10.1000/A_b;";
    await put(
      join(folder, metadata, "a-1.0.json"),
      JSON.stringify({ annotation_publications: publications }),
    );
    await put(join(folder, metadata, "broken.json"), "{");
    await note({
      folder,
      at: 1,
      writes: ["made"],
      command: ["simulate", "--densities", "gone", "--count", "2"],
    });
    await note({ folder, at: 1, writes: ["portal"], command: ["portal", "get", "10440", "--out", "portal"] });
    await put(join(folder, "out.star"), "x");
    await note({
      ...{ folder, at: 3, writes: ["out.star"], command: ["match", "t.mrc"] },
      reads: [
        ["data", "raw"],
        ["data", "made"],
        ["data", "portal"],
      ],
    });
    const { works, paragraph, bibtex } = await citationsOf(await traceOf(join(folder, "out.star")));
    const keys = works.map(({ entry }) => entry.key);
    for (const key of [
      "chaillet2023matching",
      "gorski2005healpix",
      "hall1991star",
      "pdb6qzp",
      "portal10440",
      "pickbench",
      "peck2025phantom",
    ])
      expect(keys).toContain(key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => key.startsWith("doi"))).toEqual(["doi101000ab", "doi10110120241104621686"]);
    expect(bibtex).toContain("doi = {10.2210/pdb6qzp/pdb}");
    expect(paragraph).toMatch(/Data: .*raw, SHA-256 [0-9a-f]{12}…; name their source and cite it\./);
    expect(paragraph).toContain("2 tomograms of 96×256×256 voxels");
    expect(paragraph).toContain("dataset 10440 of the CryoET Data Portal [@portal10440]");
    expect(paragraph).toContain("Computed with pickbench 0.1.0 on Node 24.0.0 with ONNX Runtime 1.30.0.");
    for (const [, key] of paragraph.matchAll(/@(\w+)/g)) expect(keys).toContain(key);
  });

  it("of a checkpoint that is none is said", async () => {
    await put(join(folder, "a.safetensors"), "no checkpoint");
    await note({ folder, at: 1, writes: ["a.safetensors"], command: ["import", "a.scnm"] });
    const { notes, works } = await citationsOf(await traceOf(join(folder, "a.safetensors")));
    expect(notes.join()).toContain("a.safetensors");
    expect(works.map(({ entry }) => entry.key)).toEqual(["last2024ais"]);
  });
});
