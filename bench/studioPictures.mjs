// Takes the pictures of docs/studio.md: node bench/studioPictures.mjs [FOLDER], by default docs/results. Needs dist/ (npm run
// build) and Debian's chromium. A tomogram is simulated, the model that comes along picks its particles, and the page is looked at.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const folder = process.argv[2] ?? "docs/results";
const bin = fileURLToPath(new URL("../bin/pickbench.js", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "pickbench-pictures-"));
const at = (...names) => join(scratch, ...names);
const pickbench = (...args) => execFileSync(process.execPath, [bin, ...args], { stdio: ["ignore", "ignore", "inherit"] });

/** Starts a studio, and returns its address and what ends it. */
async function studio(...args) {
  const child = spawn(process.execPath, [bin, "studio", "--no-open", "--json", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /"address": ?"([^"]+)"/.exec(line)?.[1];
    if (address) return { address, close: () => child.kill("SIGINT") };
  }
  throw new Error("the studio did not start");
}

/** Milliseconds after which a page that does nothing is given up. */
const patience = 600_000;

const browser = await chromium.launch({
  timeout: patience,
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic"],
});

/** Opens a page, does something to it, and takes its picture. */
async function picture(name, address, { width, height, scheme = "dark", prepare }) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  page.setDefaultTimeout(patience);
  await page.goto(address);
  await prepare(page);
  await page.screenshot({ path: join(folder, `studio-${name}.jpg`), type: "jpeg", quality: 82 });
  await page.close();
}

const planesShown = async (page) => {
  await page.locator("canvas.greys[data-shown]").nth(2).waitFor();
  await page.locator(".space canvas[data-fine]").waitFor();
  await page.waitForLoadState("networkidle");
};

try {
  mkdirSync(folder, { recursive: true });
  pickbench("simulate", "--out", at("data"), "--count", "3", "--size", "64,192,192", "--seed", "5", "--flat", "--quiet");
  pickbench("submit", "solution", "--data", at("data"), "--out", at("picks.csv"), "--threads", "2", "--quiet");
  pickbench("survey", "build", "--data", at("data"), "--picks", `solution=${at("picks.csv")}`, "--out", at("survey"), "--quiet");
  const open = await studio(at("data"), at("survey"), "--picks", at("picks.csv"));
  await picture("verdicts", `${open.address}#/look/TS_S1`, {
    ...{ width: 1280, height: 800 },
    prepare: async (page) => {
      await planesShown(page);
      await page.getByLabel("picks A").selectOption({ label: "picks.csv" });
      await page.locator('.counts[data-side="a"]', { hasText: "A: picks.csv" }).locator(".score[data-score]").waitFor();
      await page.locator('output[data-count="list"]', { hasText: /^[1-9]/ }).waitFor();
      await planesShown(page);
    },
  });
  await picture("narrow", `${open.address}#/look/TS_S2`, { width: 390, height: 844, scheme: "light", prepare: planesShown });
  await picture("data", `${open.address}#/data`, {
    ...{ width: 1280, height: 560, scheme: "light" },
    prepare: (page) => page.waitForLoadState("networkidle"),
  });
  open.close();
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true, force: true });
}
