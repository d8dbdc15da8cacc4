/** A plan that two nodes of Slurm do, one of which is lost for good. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type QueueScene, queueScene, statusOf, well } from "../support/queueScene.js";
import { noSlurm, until } from "../support/slurm.js";
import { nodeOf, startTwoNodes, type TwoNodes } from "../support/slurmNodes.js";

if (noSlurm !== undefined) console.log(`the tests of Slurm are skipped: ${noSlurm}`);

describe.skipIf(noSlurm !== undefined)("a Slurm of two nodes", () => {
  let scene: QueueScene;
  let slurm: TwoNodes;
  beforeAll(async () => {
    scene = await queueScene();
    slurm = await startTwoNodes(await mkdtemp(join(tmpdir(), "pickbench-slurm-")));
  });
  afterAll(async () => {
    await slurm?.stop();
    await rm(scene.folder, { recursive: true });
  });

  test("does what a lost node had begun on the other one, to the same bytes", async () => {
    const out = join(scene.folder, "a.csv");
    const call = [...scene.submit, "--out", out, "--queue", "slurm", "--chunk", "10", "--cpus", "2"];
    await well(...call, "--memory", "1G", "--detach");
    const plan = `${out}.queue`;
    const begun = [0, 1].map((id) => join(plan, "states", `${id}.begun.json`));
    await until(() => begun.every(existsSync));
    const pids = begun.map((file) => JSON.parse(readFileSync(file, "utf8")).pid);
    expect(pids.map(nodeOf).sort()).toEqual(["node1", "node2"]);
    const lost = pids.find((pid) => nodeOf(pid) === "node1")!;
    await slurm.lose("node1", [lost]);
    await well(...call, "--memory", "1G", "--quiet");
    expect(readFileSync(out)).toEqual(readFileSync(scene.csv));
    const { tasks } = await statusOf(plan);
    expect(tasks.map(({ attempts }) => attempts).sort()).toEqual([1, 1, 2]);
  });
});
