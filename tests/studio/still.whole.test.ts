// A still copy: the page without its server, from any host of files.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { openForStudio } from "../../src/studio/opened.js";
import { checkCopyPlace, writeStill } from "../../src/studio/still/still.js";
import { silentReporter } from "../../src/system/reporter.js";
import { finishedRun, row } from "../support/finishedRun.js";
import { writeTree } from "../support/storeFixtures.js";
import { hasChromium, newPage, serveForTest, shownPlane, startBrowser } from "../support/studioBrowser.js";
import { simulatedForFile } from "../support/studioData.js";

const { scratch, folder } = simulatedForFile([40, 160, 144]);
const asked = {
  ...{ paths: [folder], picks: [], maps: [], reporter: silentReporter, isAnnotating: false },
  ...{ user: "mia", session: "studio", out: join(scratch, "out") },
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
};

/** Serves the files of a folder below a path, as static hosts do. */
async function hosted(copy: string): Promise<string> {
  const root = await realpath(copy);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.split("?")[0]!).replace(/^\/shown\//, "");
    readFile(join(root, path === "" ? "index.html" : path)).then(
      (content) => {
        response.setHeader(
          "Content-Type",
          types[path === "" ? ".html" : extname(path)] ?? "application/octet-stream",
        );
        response.end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/shown/`;
}

/** Greys of a plane's picture. */
const picture = (page: Page, across: string): Promise<number[]> =>
  page.evaluate<number[]>(`(() => {
    const canvas = document.querySelector('.plane:has(canvas[data-plane="${across}"]) canvas.greys');
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [...data].filter((_, at) => at % 4 === 0);
  })()`);

describe.skipIf(!hasChromium)("a still copy", () => {
  test("shows what the studio shows, asks nothing of anybody else, and keeps the view in its links", async () => {
    const copy = join(scratch, "copy");
    const written = await writeStill(await openForStudio(asked), copy);
    expect(written.files).toBeGreaterThan(10);
    const studio = await serveForTest(asked);
    onTestFinished(() => studio.close());
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const hash = "#/look/TS_S1?at=701,903,155&zoom=0.3";
    const pictures: number[][][] = [];
    for (const address of [await hosted(copy), studio.address]) {
      const page = await newPage(browser, { viewport: { width: 1000, height: 700 } });
      const [faults, strangers]: [string[], string[]] = [[], []];
      page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
      page.on("request", (request) => {
        if (!request.url().startsWith(address) && !request.url().startsWith("data:"))
          strangers.push(request.url());
      });
      await page.goto(address + hash);
      const of: number[][] = [];
      for (const [across, index] of [
        ["z", 15],
        ["y", 90],
        ["x", 70],
      ] as const) {
        expect(await shownPlane(page, across)).toBe(`0 ${index}`);
        of.push(await picture(page, across));
      }
      pictures.push(of);
      expect(faults).toEqual([]);
      expect(strangers).toEqual([]);
    }
    for (const [at, still] of pictures[0]!.entries()) {
      const live = pictures[1]![at]!;
      expect(still.length).toBe(live.length);
      expect(new Set(live).size).toBeGreaterThan(100);
      expect(Math.max(...still.map((grey, pixel) => Math.abs(grey - live[pixel]!)))).toBeLessThanOrEqual(2);
    }
  });

  test("has leaderboards, and trainings with their curves and records", async () => {
    const runs = join(scratch, "runs");
    const truth = new Map([["TS_1", row("ribosome", 100, 2000)]]);
    await finishedRun(runs, "done", { truth, picks: truth });
    const step = { network: "all", step: 0, loss: 0.5, rate: 0.001, ms: 5, waitedMs: 1 };
    writeFileSync(join(runs, "done", "log.jsonl"), `${JSON.stringify(step)}\n`);
    const copy = join(scratch, "progress");
    await writeStill(await openForStudio({ ...asked, paths: [folder, runs, "submissions"] }), copy);
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const page = await newPage(browser);
    const faults: string[] = [];
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await page.goto(`${await hosted(copy)}#/runs`);
    await page.getByText("runs/done: 1 lines of its log").waitFor();
    await page.getByRole("link", { name: "runs/done" }).click();
    await page.getByText("held out").waitFor();
    await page.getByRole("link", { name: "Leaderboard" }).click();
    await page.locator("tr[data-submission]").first().waitFor();
    expect(await page.getByRole("link", { name: "Data" }).count()).toBe(0);
    expect(faults).toEqual([]);
  });
});

describe("where a copy goes", () => {
  test("is a folder of its own: never the data, what holds them, or a folder of other things", async () => {
    const opened = await openForStudio(asked);
    const other = join(scratch, "other");
    writeTree(other, { "notes.txt": "mine" });
    for (const place of [folder, scratch, other, process.cwd(), join(process.cwd(), "..")])
      await expect(checkCopyPlace(opened, place)).rejects.toMatchObject({ tag: "BadUsage" });
    await checkCopyPlace(opened, join(scratch, "new", "copy"));
  });

  test("is not left by picks whose user is a path", async () => {
    const picks = join(scratch, "evil.json");
    const evil = {
      ...{ pickable_object_name: "ribosome", user_id: "/../../../ESCAPED/x", session_id: "s" },
      ...{ run_name: "TS_S1", unit: "angstrom", points: [{ location: { x: 1, y: 2, z: 3 } }] },
    };
    writeTree(scratch, { "evil.json": JSON.stringify(evil) });
    const copy = join(scratch, "a", "b", "copy");
    await writeStill(await openForStudio({ ...asked, picks: [picks] }), copy);
    const beside = readdirSync(scratch, { recursive: true, encoding: "utf8" });
    expect(beside.filter((path) => path.includes("ESCAPED"))).toEqual([]);
    const listed = readFileSync(join(copy, "api", "runs", "TS_S1", "picks.json"), "utf8");
    expect(listed).toContain("are no name: it holds a slash");
  });
});
