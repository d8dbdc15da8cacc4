// The server of a scene: what it gives to whom, by plain requests and by pages in a browser.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { simulateDataset } from "../../src/data/simulate/simulateDataset.js";
import { viewerOrigin } from "../../src/viewers/neuroglancer.js";
import { type SceneServer, serveScene } from "../../src/viewers/sceneServer.js";
import { ask } from "../support/rawRequest.js";
import { temporaryFolder, writeTree } from "../support/storeFixtures.js";
import { newPage, patience } from "../support/studioBrowser.js";

const chunk = Buffer.from(Array.from({ length: 100 }, (_, at) => at));
const points = Buffer.from("points");

async function served(): Promise<{ readonly server: SceneServer; readonly folder: string }> {
  const folder = writeTree(temporaryFolder(), {
    "store/.zattrs": "{}",
    "store/0/.zarray": "{}",
    "store/0/0.0.0": chunk,
    "store/.secret": "no",
    "store/.git/config": "no",
    "outside.txt": "no",
  });
  symlinkSync(join(folder, "outside.txt"), join(folder, "store", "link"));
  symlinkSync(folder, join(folder, "store", "up"));
  mkdirSync(join(folder, "store", "empty"));
  const server = await serveScene({
    folders: new Map([["volume.zarr", join(folder, "store")]]),
    files: new Map([["points/1/info", points]]),
    origin: viewerOrigin,
    port: 0,
  });
  onTestFinished(() => server.close());
  return { server, folder };
}

describe("the server of a scene", () => {
  test("gives the store and the points to read, whole, in parts, and their sizes", async () => {
    const { server } = await served();
    const at = `${server.url}/volume.zarr/0/0.0.0`;
    expect(await ask(at)).toMatchObject({ status: 200, body: chunk.toString("latin1") });
    expect(await ask(`${server.url}/points/1/info`)).toMatchObject({ status: 200, body: "points" });
    expect(await ask(`${server.url}/volume.zarr/.zattrs`)).toMatchObject({ status: 200, body: "{}" });
    expect(await ask(at, { method: "HEAD" })).toMatchObject({
      status: 200,
      body: "",
      headers: { "content-length": "100", "accept-ranges": "bytes" },
    });
    for (const [range, first, last] of [
      ["bytes=0-9", 0, 9],
      ["bytes=90-", 90, 99],
      ["bytes=-5", 95, 99],
      ["bytes=50-1000", 50, 99],
      ["bytes=-1000", 0, 99],
    ] as const)
      expect(await ask(at, { range })).toMatchObject({
        status: 206,
        body: chunk.subarray(first, last + 1).toString("latin1"),
        headers: {
          "content-range": `bytes ${first}-${last}/100`,
          "content-length": String(last + 1 - first),
        },
      });
    for (const range of ["bytes=100-", "bytes=-0"])
      expect(await ask(at, { range })).toMatchObject({
        status: 416,
        headers: { "content-range": "bytes */100" },
      });
    for (const range of ["bytes=5-1", "bytes=0-1,5-6", "lines=1-2", "bytes=-"])
      expect(await ask(at, { range })).toMatchObject({ status: 200, body: chunk.toString("latin1") });
  });

  test("answers nothing without the token, to other paths, to links that lead out, and lists no folder", async () => {
    const { server } = await served();
    const { pathname } = new URL(server.url);
    const otherLast = pathname.endsWith("x") ? "y" : "x";
    for (const path of [
      "/",
      "/volume.zarr/0/0.0.0",
      `${pathname.slice(0, -1)}${otherLast}/volume.zarr/.zattrs`,
      `${pathname}x/volume.zarr/.zattrs`,
      pathname,
      `${pathname}/`,
      `${pathname}/volume.zarr`,
      `${pathname}/volume.zarr/`,
      `${pathname}/volume.zarr/0`,
      `${pathname}/volume.zarr/0/`,
      `${pathname}/volume.zarr/empty`,
      `${pathname}/volume.zarr/absent`,
      `${pathname}/volume.zarr/.secret`,
      `${pathname}/volume.zarr/.git/config`,
      `${pathname}/volume.zarr/../outside.txt`,
      `${pathname}/volume.zarr/%2e%2e/outside.txt`,
      `${pathname}/volume.zarr/..%2foutside.txt`,
      `${pathname}/volume.zarr/0/..%5c..%5coutside.txt`,
      `${pathname}/volume.zarr//etc/passwd`,
      `${pathname}/volume.zarr/link`,
      `${pathname}/volume.zarr/up/outside.txt`,
      `${pathname}/volume.zarr/.zattrs%00`,
      `${pathname}/volume.zarr/%`,
      `${pathname}/other/.zattrs`,
      `${pathname}/points`,
      `${pathname}/points/1`,
      `${pathname}/points/1/info/`,
      `${pathname}/__proto__/x`,
      `http://example.org${pathname}/volume.zarr/.zattrs`,
    ])
      expect([path, await ask(server.url, { path })]).toMatchObject([path, { status: 404, body: "" }]);
  });

  test("answers no other host, no other origin, and writes nothing", async () => {
    const { server, folder } = await served();
    const at = `${server.url}/volume.zarr/.zattrs`;
    const { port } = new URL(at);
    for (const host of ["example.org", `example.org:${port}`, "127.0.0.1", `127.0.0.1:${Number(port) + 1}`])
      expect([host, await ask(at, { host })]).toMatchObject([host, { status: 421, body: "" }]);
    expect((await ask(at, { host: `localhost:${port}` })).status).toBe(200);
    for (const origin of [
      "https://evil.example",
      "null",
      `${viewerOrigin}.evil.example`,
      "http://localhost",
    ]) {
      const { status, body, headers } = await ask(at, { origin });
      expect([origin, status, body]).toEqual([origin, 403, ""]);
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
    for (const site of ["cross-site", "same-site", "other"])
      expect((await ask(at, { "sec-fetch-site": site })).status).toBe(403);
    for (const site of ["none", "same-origin"])
      expect((await ask(at, { "sec-fetch-site": site })).status).toBe(200);
    expect((await ask(at, { origin: viewerOrigin, "sec-fetch-site": "cross-site" })).headers).toMatchObject({
      "access-control-allow-origin": viewerOrigin,
      vary: "Origin",
      "x-content-type-options": "nosniff",
    });
    for (const method of ["PUT", "POST", "DELETE", "PATCH", "PROPFIND"])
      expect([method, (await ask(at, { method })).status]).toEqual([method, 405]);
    expect(readFileSync(join(folder, "store", ".zattrs"), "utf8")).toBe("{}");
    const asked = await ask(at, {
      method: "OPTIONS",
      origin: viewerOrigin,
      "access-control-request-method": "GET",
      "access-control-request-private-network": "true",
    });
    expect([asked.status, asked.headers["access-control-allow-private-network"]]).toEqual([204, "true"]);
    expect((await ask(at, { method: "OPTIONS", origin: "https://evil.example" })).status).toBe(403);
  });

  test("listens on this machine alone, and to each with a token of its own", async () => {
    const [{ server }, other] = [await served(), await served()];
    expect(new URL(server.url).pathname).toMatch(/^\/[\w-]{32}$/);
    expect(new URL(server.url).pathname).not.toBe(new URL(other.server.url).pathname);
    const outer = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === "IPv4" && !each.internal);
    if (!outer) return;
    const reached = await new Promise<boolean>((resolve) => {
      const socket = connect(Number(new URL(server.url).port), outer.address);
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    });
    expect(reached).toBe(false);
  });

  test("says in one sentence that a port is taken", async () => {
    const { server } = await served();
    const port = Number(new URL(server.url).port);
    const again = serveScene({ folders: new Map(), files: new Map(), origin: viewerOrigin, port });
    await expect(again).rejects.toThrow(
      `port ${port} of this machine cannot be had (listen EADDRINUSE: address already in use 127.0.0.1:${port}); give another --port`,
    );
  });

  test("closes while a page still holds a connection", async () => {
    const { server } = await served();
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    await new Promise((resolve) => socket.on("connect", resolve));
    socket.on("error", () => undefined);
    await server.close();
    await expect(ask(server.url)).rejects.toThrow(/ECONNREFUSED/);
  });
});

const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));
const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

describe("pickbench open --serve", () => {
  let child: ChildProcess;
  let ended: Promise<number | null>;
  let link: string;
  let stderr = "";
  let out: string;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "pickbench-serve-"));
    const data = join(folder, "data");
    out = join(folder, "view");
    await simulateDataset({
      ...{ out: data, runs: 1, shape: [40, 64, 64], spacing: 10, seed: 1, part: "train", flat: true },
      counts: new Map([["ribosome", 2]]),
    });
    const args = ["open", "TS_S1", "--data", data, "--out", out, "--for", "neuroglancer", "--serve"];
    child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr!.on("data", (text: Buffer) => {
      stderr += text.toString();
    });
    ended = new Promise((resolve) => child.on("close", resolve));
    let stdout = "";
    link = await new Promise<string>((resolve, reject) => {
      child.stdout!.on("data", (text: Buffer) => {
        stdout += text.toString();
        const found = /^served until Ctrl-C: (https\S+)$/m.exec(stdout);
        if (found) resolve(found[1]!);
      });
      child.on("close", () => reject(new Error(stderr)));
    });
    return () => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    };
  });

  const state = () => JSON.parse(decodeURIComponent(link.split("#!")[1]!));

  test("prints a link of one length for any number of points, which the written file holds too", async () => {
    expect(link.length).toBeLessThan(6000);
    expect(readFileSync(join(out, "TS_S1-neuroglancer-link.txt"), "utf8")).toBe(`${link}\n`);
    const [image, ...layers] = state().layers;
    expect(image.source).toMatch(/^zarr:\/\/http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/volume\.zarr$/);
    for (const [index, { source }] of layers.entries()) {
      expect(source).toBe(
        image.source.replace("zarr://", "precomputed://").replace("volume.zarr", `points/${index + 1}`),
      );
      const info = JSON.parse((await ask(`${source.replace("precomputed://", "")}/info`)).body);
      const all = await ask(`${source.replace("precomputed://", "")}/spatial/0_0_0`);
      expect(all.body.length).toBe(8 + info.spatial[0].limit * (6 * 4 + 8));
    }
    const ribosomes = layers.find(({ name }: { name: string }) => name === "truth ribosome");
    const info = JSON.parse((await ask(`${ribosomes.source.replace("precomputed://", "")}/info`)).body);
    expect(info).toMatchObject({ annotation_type: "ellipsoid", spatial: [{ limit: 2 }] });
  });

  test("sets the contrast by the voxels, and a scale at which the volume fits", async () => {
    const { layers, crossSectionScale, projectionScale } = state();
    const { shader, shaderControls } = layers[0];
    expect(shader).toMatch(/^#uicontrol invlerp normalized\n/);
    const [black, white] = shaderControls.normalized.range;
    expect(black).toBeLessThan(white);
    expect(white - black).toBeLessThan(0.1);
    expect(crossSectionScale).toBe(0.16);
    expect(projectionScale).toBe(64);
  });

  describe.skipIf(browserPath === undefined)("in a browser (skipped where Chromium is absent)", () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({
        ...{ executablePath: browserPath!, args: ["--no-sandbox"], timeout: patience },
      });
    });
    afterAll(() => browser.close());

    /** What a page of that origin gets of the store's metadata; its error where the browser keeps it back. */
    async function seenFrom(origin: string): Promise<string> {
      const page = await newPage(browser);
      const context = page.context();
      await context.grantPermissions(["local-network-access"], { origin }).catch(() => undefined);
      await page.route(`${origin}/**`, (route) =>
        route.fulfill({ body: "<p>a page", contentType: "text/html" }),
      );
      await page.goto(`${origin}/`);
      const url = `${state().layers[0].source.replace("zarr://", "")}/.zattrs`;
      try {
        return await page.evaluate(async (at) => {
          const response = await fetch(at, { headers: { Range: "bytes=0-12" } });
          return `${response.status} ${await response.text()}`;
        }, url);
      } catch (error) {
        return String(error).split("\n")[0]!;
      } finally {
        await context.close();
      }
    }

    test("a page of Neuroglancer reads the store, a page of another origin does not", async () => {
      expect(await seenFrom(viewerOrigin)).toMatch(/^206 \{\s+"multisca/);
      expect(await seenFrom("https://evil.example")).toMatch(/Failed to fetch/);
    });
  });

  test("ends with Ctrl-C, with a word and without an error", async () => {
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(stderr).toContain("no longer served");
    await expect(ask(state().layers[0].source.replace("zarr://", ""))).rejects.toThrow(/ECONNREFUSED/);
  });
});
