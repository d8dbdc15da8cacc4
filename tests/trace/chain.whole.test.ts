import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fingerprintOf } from "../../src/makings/fingerprint.js";
import { drawGraph } from "../../src/present/graphs/drawGraph.js";
import { type Chain, traceOf } from "../../src/trace/chain.js";
import { chainGraph } from "../../src/trace/drawing.js";
import { bashScript, jsonScript } from "../../src/trace/script.js";
import { chainText, isBroken } from "../../src/trace/text.js";
import { note, put } from "../support/makings.js";

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "chain-")));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Raw data, a checkpoint trained on it, and a submission that the checkpoint made of the data. */
async function project(): Promise<void> {
  await put(at("raw/TS_1"), "tomogram");
  await put(at("recipe.yaml"), "recipe");
  await put(at("runs/a/best.safetensors"), "weights");
  await note({
    ...{ folder, at: 1, writes: ["runs/a"], command: ["train", "recipe.yaml", "--data", "raw"] },
    reads: [
      ["experiment", "recipe.yaml"],
      ["data", "raw"],
    ],
  });
  await put(at("out/submission.csv"), "picks");
  await note({
    ...{ folder, at: 5, writes: ["out/submission.csv"] },
    command: ["submit", "runs/a/best.safetensors", "--data", "raw", "--out", "out/submission.csv"],
    reads: [
      ["checkpoint", "runs/a/best.safetensors"],
      ["data", "raw"],
    ],
  });
}

const shown = ({ nodes }: Chain) =>
  nodes.map(({ path, kind, state, makers }) => [path.replace(`${folder}/`, ""), kind, state, makers.length]);

const node = (chain: Chain, path: string) => chain.nodes.find((each) => each.path === at(path))!;

describe("a chain", () => {
  it("leads through sidecars of files and of folders above them to what nothing notes", async () => {
    await project();
    const chain = await traceOf(at("out/submission.csv"));
    expect(shown(chain)).toEqual([
      ["out/submission.csv", "file", "as noted", 1],
      ["runs/a/best.safetensors", "file", "as noted", 1],
      ["recipe.yaml", "file", "as noted", 0],
      ["raw", "folder", "as noted", 0],
    ]);
    expect(chain.steps.map(({ command }) => command[0])).toEqual(["train", "submit"]);
    expect(chain.steps[0]!.folder).toBe(folder);
    expect(isBroken(chain)).toBe(false);
  });

  it("says what has changed, and what is gone; a touch is no change", async () => {
    await project();
    await utimes(at("recipe.yaml"), 1, 1);
    await writeFile(at("raw/TS_1"), "tomograM");
    await rm(at("runs/a/best.safetensors"));
    const chain = await traceOf(at("out/submission.csv"));
    expect(node(chain, "recipe.yaml").state).toBe("as noted");
    expect(node(chain, "raw")).toMatchObject({ state: "changed", why: ["train read it", "submit read it"] });
    expect(node(chain, "runs/a/best.safetensors")).toMatchObject({ state: "gone", makers: ["s2"] });
    expect(isBroken(chain)).toBe(true);
    expect(chainText(chain)).toMatch(/changed: .*raw, since train read it and submit read it\ngone: .*best/);
  });

  it("reads contents where it is asked to, even where sizes and times are as noted", async () => {
    await project();
    const unread = { ...(await fingerprintOf(at("recipe.yaml")))!, sha256: "0".repeat(64) };
    const outputs = [{ option: "out", path: "recipe.yaml", ...unread }];
    const command = ["experiment", "new", "recipe.yaml"];
    await note({ folder, at: 9, writes: ["recipe.yaml"], command, more: { outputs } });
    expect(node(await traceOf(at("recipe.yaml")), "recipe.yaml").state).toBe("as noted");
    expect(node(await traceOf(at("recipe.yaml"), { reads: true }), "recipe.yaml").state).toBe("changed");
  });

  it("is found again after its folder was moved as a whole", async () => {
    await mkdir(at("here"));
    const home = folder;
    folder = at("here");
    await project();
    folder = home;
    await rename(at("here"), at("there"));
    const { nodes } = await traceOf(at("there/out/submission.csv"));
    expect(nodes.map(({ path, state }) => [path.replace(at("there/"), ""), state])).toEqual([
      ["out/submission.csv", "as noted"],
      ["runs/a/best.safetensors", "as noted"],
      ["recipe.yaml", "as noted"],
      ["raw", "as noted"],
    ]);
  });

  it("knows what is gone as long as its sidecar is there, and refuses what never was", async () => {
    await project();
    await rm(at("out/submission.csv"));
    expect((await traceOf(at("out/submission.csv"))).nodes[0]!.state).toBe("gone");
    await expect(traceOf(at("nothing.csv"))).rejects.toThrow("nothing.csv is not there");
  });

  it("of a raw file is that file alone", async () => {
    await put(at("raw/TS_1"), "tomogram");
    const chain = await traceOf(at("raw/TS_1"));
    expect(shown(chain)).toEqual([["raw/TS_1", "file", "not noted", 0]]);
    expect(chain.steps).toEqual([]);
    expect(chainText(chain)).toContain("raw: nothing notes how it was made");
  });

  it("takes makers that began before something was read, not those that came after", async () => {
    await put(at("data/a"), "first");
    await note({ folder, at: 1, writes: ["data"], command: ["simulate", "--seed", "1"] });
    await put(at("out"), "made");
    await note({ folder, at: 3, writes: ["out"], reads: [["data", "data"]], command: ["predict"] });
    await put(at("data/a"), "second");
    await note({ folder, at: 5, writes: ["data"], command: ["simulate", "--seed", "2"] });
    const chain = await traceOf(at("out"));
    expect(chain.steps.map(({ command }) => command.join(" "))).toEqual(["simulate --seed 1", "predict"]);
    expect(node(chain, "data").state).toBe("changed");
  });

  it("does not run in a circle, nor over what a command wrote over", async () => {
    await put(at("picks.csv"), "picks");
    const reads = [["picks", "picks.csv"]] as const;
    await note({ folder, at: 1, writes: ["picks.csv"], reads, command: ["context", "picks.csv"] });
    const own = await traceOf(at("picks.csv"));
    expect(own.nodes.map(({ state }) => state)).toEqual(["as noted", "changed"]);
    await put(at("a/x"), "a");
    await put(at("b/x"), "b");
    await note({ folder, at: 2, writes: ["a"], reads: [["data", "b"]], command: ["fuse", "b"] });
    await note({ folder, at: 3, writes: ["b"], reads: [["data", "a"]], command: ["fuse", "a"] });
    const chain = await traceOf(at("a"));
    expect(chain.steps.map(({ command }) => command[1])).toEqual(["a", "b"]);
    expect(drawGraph(chainGraph(chain))).toContain("fuse");
    expect(chainText(chain)).toContain("(see above)");
  });

  it("leaves a folder's maker out of what lay there before", async () => {
    await put(at("overlay/truth.json"), "by hand");
    await utimes(at("overlay/truth.json"), 1, 1);
    await put(at("overlay/picks.json"), "converted");
    await note({ folder, at: 1, writes: ["overlay"], command: ["convert"] });
    expect((await traceOf(at("overlay/truth.json"))).steps).toEqual([]);
    expect((await traceOf(at("overlay/picks.json"))).steps).toHaveLength(1);
  });

  it("takes what others added to an output, with sidecars of their own, for no change of it", async () => {
    await project();
    await put(at("runs/a/report.html"), "page");
    await note({
      folder,
      at: 7,
      writes: ["runs/a/report.html"],
      reads: [["run", "runs/a"]],
      command: ["report", "runs/a"],
    });
    const chain = await traceOf(at("runs/a/report.html"));
    expect(node(chain, "runs/a").state).toBe("as noted");
    await put(at("runs/a/notes.txt"), "mine");
    expect(node(await traceOf(at("runs/a")), "runs/a").state).toBe("changed");
  });

  it("finds the makers of what lies in a folder of which nothing tells as a whole", async () => {
    await put(at("picks/a.star"), "a");
    await note({ folder, at: 1, writes: ["picks/a.star"], command: ["convert", "a"] });
    await put(at("out"), "fused");
    await note({ folder, at: 3, writes: ["out"], reads: [["picks", "picks"]], command: ["fuse", "picks"] });
    const chain = await traceOf(at("out"));
    expect(chain.steps.map(({ command }) => command[0])).toEqual(["convert", "fuse"]);
  });

  it("says which sidecar is broken, and goes on without it", async () => {
    await put(at("out"), "x");
    await put(at("out.made.json"), "{");
    const chain = await traceOf(at("out"));
    expect(chain.steps).toEqual([]);
    expect(chainText(chain)).toContain("out.made.json does not say how");
    expect(chainText(chain)).not.toContain("all that was noted is as it was");
    expect(isBroken(chain)).toBe(true);
    await note({ folder, at: 1, writes: ["out"], command: ["fuse"] });
    const text = await readFile(at("out.made.json"), "utf8");
    await writeFile(at("out.made.json"), text.replace('"path": "out"', '"path": "o\\u0000t"'));
    expect(chainText(await traceOf(at("out")))).toContain("wanted a path, which holds no NUL");
  });

  it("follows links to what was made, in a folder and as a file", async () => {
    await project();
    await symlink(at("out"), at("linked"));
    await symlink("out/submission.csv", at("link.csv"));
    for (const path of ["linked/submission.csv", "link.csv"]) {
      const chain = await traceOf(at(path));
      expect(chain.steps.map(({ command }) => command[0])).toEqual(["train", "submit"]);
      expect(chain.nodes[0]).toMatchObject({ path: at(path), state: "as noted" });
    }
  });

  it("names models that come along, addresses and other words", async () => {
    await put(at("out"), "x");
    await note({
      ...{ folder, at: 1, writes: ["out"], command: ["submit", "solution"] },
      reads: [
        ["checkpoint", "solution"],
        ["url", "https://example.org/x"],
        ["maps", "solution"],
      ],
    });
    const { nodes } = await traceOf(at("out"));
    expect(nodes.slice(1).map(({ kind }) => kind)).toEqual(["model", "address", "name"]);
  });
});

describe("its script", () => {
  it("runs the commands in order from one folder, checks raw files first and the output last", async () => {
    await project();
    const script = bashScript(await traceOf(at("out/submission.csv")));
    await writeFile(at("again.sh"), script);
    await put(at("elsewhere/recipe.yaml"), "recipe");
    const program = at("program.sh");
    await writeFile(
      program,
      '#!/bin/sh\necho "$@" >> calls\n[ "$1" = submit ] && mkdir -p out && printf picks > out/submission.csv || true\n',
      { mode: 0o755 },
    );
    const said = execFile("bash", [at("again.sh"), at("elsewhere")], { PICKBENCH: program });
    expect(said).toContain("the same to the bit: out/submission.csv");
    expect(execFile("cat", [at("elsewhere/calls")])).toBe(
      "train recipe.yaml --data raw\nsubmit runs/a/best.safetensors --data raw --out out/submission.csv\n",
    );
    await writeFile(at("elsewhere/recipe.yaml"), "another");
    expect(() => execFile("bash", [at("again.sh"), at("elsewhere")], { PICKBENCH: program })).toThrow(
      "recipe.yaml is not what was read",
    );
  });

  it("quotes what a shell would take apart", async () => {
    await put(at("it's a $(file).csv"), "x");
    const command = ["convert", "it's a $(file).csv", "~/a b", "`x`"];
    await note({ folder, at: 1, writes: ["it's a $(file).csv"], command });
    const script = bashScript(await traceOf(at("it's a $(file).csv")));
    const line = script.split("\n").find((each) => each.startsWith("pickbench convert"))!;
    const said = execFile("bash", ["-c", line.replace("pickbench", "printf '%s\\n'")], { HOME: "/h" });
    expect(said).toBe("convert\nit's a $(file).csv\n/h/a b\n`x`\n");
    expect(execFile("bash", ["-n", "-c", script])).toBe("");
  });

  it.each([
    ["line breaks", "a\necho broken\n.csv"],
    ["the home of another user", "~root"],
    ["the working folder as tilde", "~+"],
    ["a backslash", "a\\n.csv"],
    ["a dash first", "-n"],
  ])("runs over names with %s, as raw files, as folders and as outputs", async (_, name) => {
    const inner = at(name, "inner");
    await put(join(inner, name), "raw");
    await put(join(inner, "out", name), "made");
    const command = ["fuse", name, "--out", `out/${name}`];
    const reads = [["picks", name]] as const;
    await note({ folder: inner, at: 1, writes: [`out/${name}`], reads, command });
    await put(at("out"), "made");
    await note({ folder, at: 3, writes: ["out"], reads: [["picks", `${name}/inner/out/${name}`]], command });
    const script = bashScript(await traceOf(at("out")));
    await put(at("elsewhere", name, "inner", name), "raw");
    await put(at("elsewhere/out"), "made");
    const said = execFile("bash", ["-c", script, "again.sh", at("elsewhere")], { PICKBENCH: "true" });
    expect(said).toBe("the same to the bit: out\n");
  });

  it("looks at what it made itself, where commands worked in a folder and wrote beside it", async () => {
    await put(at("a.csv"), "raw");
    await put(at("out.csv"), "made");
    await put(at("inner/x"), "");
    const command = ["fuse", "a=../a.csv", "--out", "../inner/../out.csv"];
    const reads = [["picks", "../a.csv"]] as const;
    await note({ folder: at("inner"), at: 1, writes: ["../out.csv"], reads, command });
    const chain = await traceOf(at("out.csv"));
    expect(JSON.parse(jsonScript(chain))).toMatchObject({
      raw: [{ path: "a.csv" }],
      made: { path: "out.csv" },
    });
    await put(at("elsewhere/a.csv"), "raw");
    const again = () => execFile("bash", ["-c", bashScript(chain), "again.sh", at("elsewhere")], env);
    const env = { PICKBENCH: at("program.sh") };
    await writeFile(env.PICKBENCH, "#!/bin/sh\nprintf another > ../out.csv\n", { mode: 0o755 });
    expect(again()).toMatch(/^another content than .*: out\.csv\n$/);
    await writeFile(env.PICKBENCH, "#!/bin/sh\nprintf made > ../out.csv\n", { mode: 0o755 });
    expect(again()).toBe("the same to the bit: out.csv\n");
  });

  it("checks raw files below the home", async () => {
    vi.stubEnv("HOME", at("own"));
    await put(at("own/raw/a b.csv"), "raw");
    await put(at("work/out"), "made");
    const reads = [["picks", "../own/raw/a b.csv"]] as const;
    await note({ folder: at("work"), at: 1, writes: ["out"], reads, command: ["fuse", "~/raw/a b.csv"] });
    const script = bashScript(await traceOf(at("work/out")));
    vi.unstubAllEnvs();
    await put(at("other/raw/a b.csv"), "raw");
    const run = () =>
      execFile("bash", ["-c", script, "again.sh", at("work")], { PICKBENCH: "true", HOME: at("other") });
    expect(run()).toBe("the same to the bit: out\n");
    await put(at("other/raw/a b.csv"), "another");
    expect(run).toThrow("a b.csv is not what was read");
  });

  it("as data has folders relative to one root", async () => {
    await project();
    const script = JSON.parse(jsonScript(await traceOf(at("out/submission.csv"))));
    expect(script.steps.map(({ folder: place }: { folder: string }) => place)).toEqual([".", "."]);
    expect(script.raw.map(({ path }: { path: string }) => path)).toEqual(["recipe.yaml", "raw"]);
    expect(script.made.path).toBe("out/submission.csv");
  });
});

const execFile = (file: string, args: string[], env: Record<string, string> = {}): string =>
  execFileSync(file, args, { encoding: "utf8", env: { ...process.env, ...env }, stdio: "pipe" });

describe("its drawing", () => {
  it("has a box for each thing and each command, in colours of how they stand", async () => {
    await project();
    await rm(at("raw"), { recursive: true });
    const { nodes, edges } = chainGraph(await traceOf(at("out/submission.csv")));
    expect(nodes.map(({ state }) => state)).toEqual([
      "current",
      "current",
      "current",
      "missing",
      undefined,
      undefined,
    ]);
    expect(edges).toHaveLength(6);
    expect(drawGraph({ nodes, edges })).toContain("pickbench submit");
  });
});
