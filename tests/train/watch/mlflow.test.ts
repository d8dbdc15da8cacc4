import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PickbenchError } from "../../../src/system/errors.js";
import type { LogLine } from "../../../src/train/fit/stepLog.js";
import { mlflowName, mlflowTarget } from "../../../src/train/watch/sinks/mlflow.js";
import { MlflowSink } from "../../../src/train/watch/sinks/mlflowSink.js";
import { parametersOf } from "../../../src/train/watch/sinks/parameters.js";
import { type MlflowServer, startMlflow } from "../../support/mlflowServer.js";

let server: MlflowServer;
beforeEach(async () => {
  server = await startMlflow();
});
afterEach(() => server.close());

const line = (step: number): LogLine => ({
  ...{ network: "all", step, loss: 0.5, parts: { tversky: 0.5 }, norm: 2, rate: 1e-3 },
  ...{ ms: 10, waitedMs: 0, samplesPerSecond: 100 },
});
/** Number of figures of a line. */
const figures = 7;

/** A sink that is quick to try; @param timeoutMs short where a server shall hang */
function sinkFor(
  env: NodeJS.ProcessEnv,
  timeoutMs = 60,
  parameters: readonly (readonly [string, string])[] = [],
  patienceMs = timeoutMs < 1000 ? 400 : 60_000,
) {
  const said: string[] = [];
  const sink = new MlflowSink({
    target: mlflowTarget(env)!,
    run: { name: "tiny", startMs: 5, parameters },
    say: (text) => said.push(text),
    clock: () => 1234,
    ...{ timeoutMs, everyMs: 0, firstDelayMs: 5, patienceMs },
  });
  return { sink, said };
}

/** Writes steps as a training does, a few ms each, which waits for no write. */
async function write(sink: MlflowSink, steps: number, ms = 2): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const written: unknown = sink.write(line(step));
    expect(written).toBeUndefined();
    await sleep(ms);
  }
}

describe("MLflow", () => {
  test("receives an experiment, a run, its parameters and every figure once", async () => {
    const parameters = Array.from({ length: 130 }, (_, k) => [`key.${k}`, "v".repeat(600)] as const);
    const { sink, said } = sinkFor({ MLFLOW_TRACKING_URI: `${server.url}/` }, 30_000, parameters);
    await write(sink, 300, 0);
    await sink.close("finished");
    expect(said).toEqual([]);
    expect([...server.experiments]).toEqual([["pickbench", "1"]]);
    const run = server.runs.get("run0")!;
    expect([run.name, run.status, run.params.size]).toEqual(["tiny", "FINISHED", 130]);
    expect(run.params.get("key.7")).toHaveLength(500);
    expect(run.metrics).toHaveLength(300 * figures);
    const losses = run.metrics.filter(({ key }) => key === "train/loss");
    expect(losses.map(({ step }) => step)).toEqual(Array.from({ length: 300 }, (_, k) => k + 1));
    expect(losses[0]).toEqual({ key: "train/loss", value: 0.5, step: 1, timestamp: 1234 });
  });

  test("is told what a training's end was, and goes on in an experiment that is there", async () => {
    server.experiments.set("mine", "7");
    const { sink } = sinkFor({ MLFLOW_TRACKING_URI: server.url, MLFLOW_EXPERIMENT_NAME: "mine" }, 30_000);
    sink.write(line(0));
    await sink.close("stopped");
    expect(server.runs.get("run0")!.status).toBe("KILLED");
    expect(server.requests.filter((request) => request.includes("create"))).toEqual(["POST runs/create"]);
  });

  test.each<[string, MlflowServer["fault"]]>([
    ["hangs", () => true],
    ["answers 500", (response) => !!response.writeHead(500).end("no")],
    ["dies within an answer", (response) => !!response.writeHead(200).write("{") && !!response.destroy()],
    ["answers what is no JSON", (response) => !!response.end("<html>")],
    ["answers JSON of another kind", (response) => !!response.end('{"run": 1}')],
    ["refuses the user", (response) => !!response.writeHead(401).end()],
    ["sends elsewhere", (response) => !!response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()],
  ])("that %s ends nothing, and is spoken of once, without a secret", async (_, fault) => {
    server.fault = fault;
    const { sink, said } = sinkFor({
      MLFLOW_TRACKING_URI: server.url.replace("//", "//maria:geheim@"),
      MLFLOW_TRACKING_TOKEN: "s3cret",
    });
    while (said.length === 0) await write(sink, 1, 3);
    await write(sink, 150, 3);
    await sink.close("finished");
    expect(said.filter((text) => text.includes("training goes on"))).toHaveLength(1);
    expect(said.at(-1)).toMatch(/pickbench log RUN --to mlflow/);
    expect(said.join("\n")).not.toMatch(/geheim|maria|s3cret/);
  });

  test("that hangs is asked one thing at a time, and not waited for in the end", async () => {
    server.fault = () => true;
    const { sink, said } = sinkFor({ MLFLOW_TRACKING_URI: server.url }, 2 ** 31 - 1, [], 50);
    while (server.requests.length === 0) await write(sink, 1);
    await write(sink, 50, 0);
    await sink.close("finished");
    expect(server.requests).toHaveLength(1);
    expect(said).toEqual([expect.stringMatching(/not all figures reached/)]);
  });

  test("that is not there is spoken of once", async () => {
    const { url } = server;
    await server.close();
    const { sink, said } = sinkFor({ MLFLOW_TRACKING_URI: url }, 30_000);
    while (said.length === 0) await write(sink, 1, 3);
    await write(sink, 100, 3);
    await sink.close("finished");
    expect(said[0]).toMatch(/ECONNREFUSED.*training goes on/);
    server = await startMlflow();
  });

  test("receives everything after it was away for a while", async () => {
    server.fault = (response) => !!response.destroy();
    const { sink, said } = sinkFor({ MLFLOW_TRACKING_URI: server.url }, 30_000);
    await write(sink, 60, 2);
    server.fault = () => false;
    await write(sink, 60, 2);
    await sink.close("finished");
    expect(said.every((text) => text.includes("training goes on"))).toBe(true);
    const steps = server.runs.get("run0")!.metrics.filter(({ key }) => key === "train/loss");
    expect(steps).toHaveLength(120);
  });

  test("that takes nothing costs bounded memory: the oldest figures go", async () => {
    server.fault = (response) => !!response.destroy();
    const { sink, said } = sinkFor({ MLFLOW_TRACKING_URI: server.url }, 30_000);
    for (let step = 0; step < 10_000; step++) sink.write(line(step));
    server.fault = () => false;
    await sleep(80);
    await write(sink, 3, 20);
    await sink.close("finished");
    expect(said.at(-1)).toMatch(/not all figures reached/);
    const { metrics } = server.runs.get("run0")!;
    expect(metrics.length).toBeLessThan(52_000);
    expect(metrics.at(-1)!.step).toBe(3);
  });
});

describe("the environment", () => {
  const authorization = (env: NodeJS.ProcessEnv) =>
    mlflowTarget({ MLFLOW_TRACKING_URI: "https://h/p/", ...env })!.authorization;

  test("names a server, an experiment and who asks", () => {
    expect(mlflowTarget({})).toBeNull();
    expect(mlflowTarget({ MLFLOW_TRACKING_URI: "https://u%zz:p%20w@h" })).toMatchObject({
      authorization: `Basic ${Buffer.from("u%zz:p w").toString("base64")}`,
    });
    expect(mlflowTarget({ MLFLOW_TRACKING_URI: "https://a:b@host:8/x/" })).toEqual({
      url: "https://host:8/x",
      authorization: `Basic ${Buffer.from("a:b").toString("base64")}`,
      experiment: "pickbench",
    });
    expect(authorization({})).toBeUndefined();
    expect(authorization({ MLFLOW_TRACKING_TOKEN: "t" })).toBe("Bearer t");
    const user = { MLFLOW_TRACKING_USERNAME: "u", MLFLOW_TRACKING_PASSWORD: "p" };
    expect(authorization(user)).toBe(`Basic ${Buffer.from("u:p").toString("base64")}`);
  });

  test.each(["ge\nheim", "geheim 2", "gehei\u2019m"])(
    "holds no token %j, which no message tells",
    (token) => {
      expect(() => authorization({ MLFLOW_TRACKING_TOKEN: token })).toThrow(PickbenchError);
      expect(() => authorization({ MLFLOW_TRACKING_TOKEN: token })).not.toThrow(/geh/);
    },
  );

  test.each(["file:///mlruns", "databricks", "ftp://geheim@host"])("may not name %s", (address) => {
    expect(() => mlflowTarget({ MLFLOW_TRACKING_URI: address })).toThrow(PickbenchError);
    expect(() => mlflowTarget({ MLFLOW_TRACKING_URI: address })).not.toThrow(/geheim/);
  });
});

test("names and parameters are what MLflow takes", () => {
  expect(mlflowName("tune/crops/f4/β-galactosidase (1)")).toBe("tune/crops/f4/_-galactosidase _1_");
  expect(parametersOf({ a: { b: [1, { c: 2 }], d: "x" }, e: null, f: "" })).toEqual([
    ["a.b", '[1,{"c":2}]'],
    ["a.d", "x"],
    ["e", "null"],
  ]);
});
