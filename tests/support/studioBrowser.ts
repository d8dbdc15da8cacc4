// A studio with its page in a real browser.
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { type Asked, openForStudio } from "../../src/studio/opened.js";
import { serveStudio } from "../../src/studio/studio.js";
import { silentReporter } from "../../src/system/reporter.js";

/** Debian's Chromium. */
export const chromiumPath = "/usr/bin/chromium";
export const hasChromium = existsSync(chromiumPath);

/** Flags with which Chromium has WebGL2 by software, and asks nothing of other machines. */
const flags = [
  "--no-sandbox",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Time in ms after which a browser or a page that does nothing is given up, on a machine as busy as it may be. */
export const patience = 600_000;

/** Starts a browser, for all tests of a file. */
export const startBrowser = (more: readonly string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath, args: [...flags, ...more], timeout: patience });

/** Opens an empty page that waits with patience, in a context of its own. */
export async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  return context.newPage();
}

/** A studio whose page is open. */
export interface OpenStudio {
  readonly page: Page;
  /** Address of the page. */
  readonly address: string;
  /** What the page wrote to its console as an error, and what it threw. */
  readonly faults: readonly string[];
  /** Addresses that the page asked for and that are not of its server. */
  readonly strangers: readonly string[];
  close(): Promise<void>;
}

/** Serves a studio here, without a browser. */
export async function serveForTest(
  asked: Partial<Asked>,
): Promise<{ address: string; close(): Promise<void> }> {
  const opened = await openForStudio({
    paths: [],
    picks: [],
    maps: [],
    reporter: silentReporter,
    isAnnotating: false,
    user: "mia",
    session: "studio",
    out: "studio",
    ...asked,
  });
  const server = await serveStudio(opened, 0);
  return { address: `${server.url}/`, close: () => server.close() };
}

/** Opens a studio in a page of its own. @param hash place in the page, such as `#/look/TS_1` */
export async function openStudio(
  browser: Browser,
  asked: Partial<Asked>,
  { hash = "", ...options }: BrowserContextOptions & { readonly hash?: string } = {},
): Promise<OpenStudio> {
  const server = await serveForTest(asked);
  const page = await newPage(browser, { viewport: { width: 1280, height: 800 }, ...options });
  const [faults, strangers]: [string[], string[]] = [[], []];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(server.address) && !/^(?:data|blob):/.test(url)) strangers.push(url);
  });
  await page.goto(`${server.address}${hash}`);
  return {
    page,
    address: server.address,
    faults,
    strangers,
    close: async () => {
      await page.context().close();
      await server.close();
    },
  };
}

/** Waits until a plane has shown a slice, and returns the level and the slice that it showed last. */
export async function shownPlane(page: Page, across: "z" | "y" | "x"): Promise<string> {
  const shown = page.locator(`.plane:has(canvas[data-plane="${across}"]) canvas.greys[data-shown]`);
  await shown.waitFor();
  return (await shown.getAttribute("data-shown")) ?? "";
}

/** Waits until a plane shows a slice, whatever its level. */
export const showsSlice = (page: Page, across: "z" | "y" | "x", index: number): Promise<void> =>
  expect.poll(() => shownPlane(page, across)).toMatch(new RegExp(` ${index}$`));

/** Waits until planes have drawn all that the page holds now: they draw with the next frame. */
export const drawn = (page: Page): Promise<void> =>
  page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))");
