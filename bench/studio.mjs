// Times the studio's viewer in a browser: first slice, scrolling, the view in 3-D, memory; and the size of its page.
//
//   node bench/studio.mjs DATA [--chromium PATH] [--niivue FOLDER] [--out FILE.json]
//
// DATA is a data set with a tomogram of full size: `pickbench simulate --out DATA --runs 1 --size 184,630,630 --flat`. FOLDER is
// one in which `npm install @niivue/niivue@0.69.0 esbuild` was done: the same volume is then shown by it. The browser draws by
// software (SwiftShader), so that figures are an upper bound.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    chromium: { type: "string", default: "/usr/bin/chromium" },
    niivue: { type: "string" },
    out: { type: "string" },
  },
});
const flags = [
  ...["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
  ...["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
  ...["--disable-sync", "--js-flags=--expose-gc"],
];

/** Starts a studio and returns its address. */
async function studio() {
  const program = join(root, "bin/pickbench.js");
  const args = [program, "studio", positionals[0], "--no-open", "--json"];
  const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const part of server.stdout) {
    text += part;
    if (text.includes("}")) break;
  }
  return { server, address: JSON.parse(text).address };
}

/** Notes in the page when the first slice and the first fine picture in 3-D are there, and how long frames of it take. */
const watcher = `
  globalThis.firsts = {};
  const look = () => {
    const plane = document.querySelector('.plane:has(canvas[data-plane="z"]) canvas.greys[data-shown]');
    const space = document.querySelector(".space canvas[data-fine]");
    if (plane && !firsts.slice) firsts.slice = performance.now();
    if (space && !firsts.space) firsts.space = performance.now();
    if (!firsts.slice || !firsts.space) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);`;

/** Goes through slices one by one, each shown before the next is asked for. Returns slices a second. */
const scroll = (across, count) => `(async () => {
  const over = document.querySelector('canvas[data-plane="${across}"]');
  const picture = over.closest(".plane").querySelector("canvas.greys");
  const shows = () => new Promise((resolve) => {
    const watching = new MutationObserver(resolve);
    watching.observe(picture, { attributeFilter: ["data-shown"] });
    setTimeout(resolve, 2000);
  });
  const start = performance.now();
  let way = "PageDown", changed = 0;
  for (let at = 0; at < ${count}; at++) {
    const before = picture.dataset.shown;
    const slider = over.closest(".plane").querySelector("input");
    if (Number(slider.value) > Number(slider.max) - 8) way = "PageUp";
    if (Number(slider.value) < 8) way = "PageDown";
    const [level] = before.split(" ");
    for (let press = 0; press < 2 ** level; press++) over.dispatchEvent(new KeyboardEvent("keydown", { key: way }));
    await shows();
    if (picture.dataset.shown !== before) changed++;
  }
  return { perSecond: ${count} / ((performance.now() - start) / 1000), changed };
})()`;

/** Turns the view in 3-D step by step. Returns milliseconds of a coarse frame, and of the fine one once it rests. */
const turn = `(async () => {
  const [picture, over] = document.querySelectorAll(".space canvas");
  const frame = () => new Promise(requestAnimationFrame);
  const coarse = [], pixels = [], fine = [];
  for (let at = 0; at < 8; at++) {
    const before = picture.dataset.coarse;
    over.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
    const start = performance.now();
    while (picture.dataset.coarse === before && performance.now() - start < 3000) await frame();
    coarse.push(Number(picture.dataset.coarse.split(" ")[1]));
    pixels.push(Number(picture.dataset.coarse.split(" ")[2]));
    while (picture.dataset.fine === undefined && performance.now() - start < 20000) await frame();
    fine.push(performance.now() - start);
  }
  const middle = (list) => list.sort((a, b) => a - b)[list.length >> 1];
  return { coarseMs: middle(coarse), coarsePixels: middle(pixels), fineMs: middle(fine), pixels: picture.width * picture.height };
})()`;

/** Waits until an expression is true in a page, whose policy forbids it to evaluate text itself. */
async function until(page, expression) {
  for (let waited = 0; waited < 300; waited++) {
    if (await page.evaluate(expression)) return;
    await page.waitForTimeout(1000);
  }
  throw new Error(`waited 300 s in vain for ${expression}`);
}

/** Memory of the page after a collection: its heap, and what its process and the graphics process hold, MB. */
async function memory(browser, page) {
  await page.evaluate("globalThis.gc?.()");
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const { metrics } = await session.send("Performance.getMetrics");
  const heap = metrics.find(({ name }) => name === "JSHeapUsedSize").value;
  await session.detach();
  const whole = await browser.newBrowserCDPSession();
  const { processInfo } = await whole.send("SystemInfo.getProcessInfo");
  await whole.detach();
  const held = {};
  for (const { type, id } of processInfo) held[type] = (held[type] ?? 0) + ownBytes(id);
  return { heap: mb(heap), page: mb(held.renderer ?? 0), graphics: mb(held.GPU ?? 0) };
}

/** Returns the bytes that a process alone holds. */
function ownBytes(id) {
  try {
    const text = readFileSync(`/proc/${id}/smaps_rollup`, "utf8");
    return 1024 * [...text.matchAll(/^Private_\w+:\s+(\d+)/gm)].reduce((sum, [, kb]) => sum + Number(kb), 0);
  } catch {
    return 0;
  }
}

/** Milliseconds of processor time that processes have had: the browser's by kind, and the studio's. */
async function processor(browser, server) {
  const whole = await browser.newBrowserCDPSession();
  const { processInfo } = await whole.send("SystemInfo.getProcessInfo");
  await whole.detach();
  const spent = { server: ticks(server.pid) };
  for (const { type, id } of processInfo) spent[type] = (spent[type] ?? 0) + ticks(id);
  return spent;
}

/** Returns the processor time of a process, ms: fields 14 and 15 of its stat, in hundredths of a second. */
function ticks(id) {
  try {
    const [user, system] = readFileSync(`/proc/${id}/stat`, "utf8").replace(/^.*\) /s, "").split(" ").slice(11, 13);
    return 10 * (Number(user) + Number(system));
  } catch {
    return 0;
  }
}

/** Does something so many times; returns what it says, and the processor time of one time, ms, by process. */
async function timed(browser, server, count, act) {
  const before = await processor(browser, server);
  const said = await act();
  const after = await processor(browser, server);
  const each = Object.entries(after).map(([name, ms]) => [name, Math.round((ms - (before[name] ?? 0)) / count)]);
  return { ...said, processorMs: Object.fromEntries(each.filter(([, ms]) => ms > 0)) };
}

const mb = (bytes) => Math.round(bytes / 2 ** 20);

const note = (text) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

async function measureStudio(browser) {
  const { server, address } = await studio();
  try {
    const starts = [];
    let page;
    for (let round = 0; round < 3; round++) {
      await page?.context().close();
      page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
      await page.addInitScript(watcher);
      const start = await timed(browser, server, 1, async () => {
        await page.goto(address);
        await until(page, "Boolean(firsts.slice && firsts.space)");
        return page.evaluate("firsts");
      });
      starts.push(start);
      note(JSON.stringify(starts.at(-1)));
    }
    const before = await memory(browser, page);
    const scrolling = {};
    for (const across of ["z", "y", "x"]) {
      scrolling[across] = await timed(browser, server, 60, () => page.evaluate(scroll(across, 60)));
      note(`${across} ${JSON.stringify(scrolling[across])}`);
    }
    const turning = () => timed(browser, server, 8, () => page.evaluate(turn));
    const space = await turning();
    note(`projection ${JSON.stringify(space)}`);
    const mode = page.getByLabel("how the tomogram is drawn in 3-D");
    await mode.selectOption("dark surface");
    await page.waitForTimeout(3000);
    const surface = await turning();
    note(`surface ${JSON.stringify(surface)}`);
    await mode.selectOption("minimum");
    await page.waitForTimeout(3000);
    const early = await memory(browser, page);
    await page.evaluate(scroll("z", 1000));
    await page.waitForTimeout(3000);
    const late = await memory(browser, page);
    return {
      starts,
      ...{ scrolling, projection: space, surface, memory: { before, early, after1000: late } },
      serverMb: mb(ownBytes(server.pid)),
    };
  } finally {
    server.kill("SIGINT");
  }
}

/** Bytes of the page's files as they are and as gzip has them. */
function sizes() {
  const folder = join(root, "dist/web/studio");
  const entries = readdirSync(folder).map((name) => {
    const content = readFileSync(join(folder, name));
    return [name, { bytes: content.length, gzip: gzipSync(content).length }];
  });
  return Object.fromEntries(entries);
}

/** The same volume, in niivue's own way: a NIfTI file of bytes, the block that the studio's view in 3-D has. */
async function measureNiivue(browser, folder) {
  const { server, address } = await studio();
  const { runs } = await (await fetch(`${address}api/session`)).json();
  const { id } = runs[0].volumes.find(({ name }) => name.startsWith("denoised")) ?? runs[0].volumes[0];
  const answer = await fetch(`${address}api/volumes/${id}/block/auto`);
  const shape = answer.headers.get("X-Shape").split(",").map(Number);
  const spacing = answer.headers.get("X-Spacing").split(",").map(Number);
  const nifti = niftiOf(new Uint8Array(await answer.arrayBuffer()), shape, spacing);
  server.kill("SIGINT");
  const { build } = await import(pathToFileURL(join(folder, "node_modules/esbuild/lib/main.js")).href);
  const script = `import { Niivue } from "@niivue/niivue";
    (async () => {
      const canvas = document.querySelector("canvas");
      const view = new Niivue({ isResizeCanvas: false });
      globalThis.view = view;
      await view.attachToCanvas(canvas);
      view.setSliceType(0);
      await view.loadVolumes([{ url: "/volume.nii" }]);
      const gl = canvas.getContext("webgl2"), one = new Uint8Array(4);
      const done = () => gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, one);
      done();
      const firstSlice = performance.now();
      view.setSliceType(view.sliceTypeRender);
      view.drawScene();
      done();
      const firstSpace = performance.now();
      globalThis.turn = () => {
        const frames = [];
        for (let at = 0; at < 8; at++) {
          const start = performance.now();
          view.setRenderAzimuthElevation(110 + 10 * at, 15);
          view.drawScene();
          done();
          frames.push(performance.now() - start);
        }
        return { frames };
      };
      globalThis.measured = { firstSlice, firstSpace };
    })();`;
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: folder },
    ...{ bundle: true, write: false, minify: true, format: "iife", target: "es2022" },
  });
  const bundle = outputFiles[0].contents;
  const html = `<!doctype html><canvas width="470" height="345"></canvas><script src="page.js"></script>`;
  const files = { "/": html, "/page.js": bundle, "/volume.nii": nifti };
  const types = { "/": "text/html", "/page.js": "text/javascript" };
  const web = createServer(({ url }, response) => {
    response.setHeader("Content-Type", types[url] ?? "application/octet-stream");
    response.end(files[url] ?? "");
  });
  await new Promise((resolve) => web.listen(0, "127.0.0.1", resolve));
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`http://127.0.0.1:${web.address().port}/`);
  await until(page, "globalThis.measured !== undefined");
  const measured = await page.evaluate("measured");
  const turning = await timed(browser, { pid: process.pid }, 8, () => page.evaluate("turn()"));
  const held = await memory(browser, page);
  await page.close();
  web.close();
  return { bundle: { bytes: bundle.length, gzip: gzipSync(bundle).length }, ...measured, turning, memory: held };
}

function niftiOf(data, [depth, height, width], [dz, dy, dx]) {
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  for (const [at, size] of [3, width, height, depth, 1, 1, 1, 1].entries()) header.writeInt16LE(size, 40 + 2 * at);
  header.writeInt16LE(2, 70);
  header.writeInt16LE(8, 72);
  for (const [at, size] of [1, dx, dy, dz, 1, 1, 1, 1].entries()) header.writeFloatLE(size, 76 + 4 * at);
  header.writeFloatLE(352, 108);
  header.writeFloatLE(1, 112);
  header.writeInt16LE(1, 254);
  for (const [row, step] of [dx, dy, dz].entries()) header.writeFloatLE(step, 280 + 16 * row + 4 * row);
  header.write("n+1\0", 344, "latin1");
  return Buffer.concat([header, data]);
}

if (positionals.length !== 1 || !statSync(positionals[0], { throwIfNoEntry: false }))
  throw new Error("node bench/studio.mjs DATA [--chromium PATH] [--niivue FOLDER] [--out FILE.json]");
const launch = () => chromium.launch({ executablePath: values.chromium, args: flags });
let browser = await launch();
const figures = { page: sizes(), studio: await measureStudio(browser) };
await browser.close();
if (values.niivue !== undefined) {
  browser = await launch();
  figures.niivue = await measureNiivue(browser, values.niivue);
  await browser.close();
}
const text = `${JSON.stringify(figures, undefined, 2)}\n`;
if (values.out !== undefined) writeFileSync(values.out, text);
process.stdout.write(text);
