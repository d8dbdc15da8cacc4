// Who gets what from a studio: other pages, other names of this machine, forged tokens, too much at once.
import { symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Answer, ask } from "../support/rawRequest.js";
import { hasChromium, newPage, serveForTest, startBrowser } from "../support/studioBrowser.js";
import { simulatedForFile } from "../support/studioData.js";

const { folder } = simulatedForFile([40, 64, 64]);
let studio: Awaited<ReturnType<typeof serveForTest>>;

beforeAll(async () => {
  symlinkSync("/etc", join(folder, "link"));
  studio = await serveForTest({ paths: [folder] });
});
afterAll(async () => {
  await studio.close();
});

/** Asks the studio by the path and the headers as they are written. */
const get = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
  ask(studio.address, { path, method, ...headers });

const rootOf = (): string => new URL(studio.address).pathname;
const session = (): string => `${rootOf()}api/session`;

describe("a studio's server", () => {
  test("answers who has the address, and says that nothing else may be loaded by the page", async () => {
    const { status, headers, body } = await get(rootOf());
    expect(status).toBe(200);
    expect(body).toContain("pickbench studio");
    expect(headers["content-security-policy"]).toMatch(
      /default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(headers["content-security-policy"]).not.toMatch(/unsafe/);
    expect(headers["referrer-policy"]).toBe("no-referrer");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  test.each([
    ["no token", "/api/session"],
    ["a forged token", `/${"A".repeat(32)}/api/session`],
    ["an empty token", "//api/session"],
  ])("%s gets nothing", async (_, path) => {
    expect(await get(path)).toMatchObject({ status: 404, body: "" });
  });

  test.each(["evil.example", "evil.example:80", "127.0.0.1", "[::1]"])(
    "a page that calls this machine %s reads nothing",
    async (host) => {
      expect(await get(session(), { host })).toMatchObject({ status: 421, body: "" });
    },
  );

  test.each(["https://evil.example", "null", "http://127.0.0.1:1", "file://"])(
    "a page of %s reads nothing",
    async (origin) => {
      expect(await get(session(), { origin })).toMatchObject({ status: 403, body: "" });
    },
  );

  test.each(["cross-site", "same-site"])(
    "what a %s page loads without saying who it is, is refused",
    async (site) => {
      expect(await get(session(), { "sec-fetch-site": site })).toMatchObject({ status: 403 });
    },
  );

  test.each([
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "../../../../etc/passwd",
    "link/passwd",
    "api/volumes/..%2f..%2fetc",
    "api/volumes/__proto__",
    "api/volumes/constructor/slice/0/z/0",
    "%00",
    "page.js/..",
    ".git/config",
  ])("%s leads nowhere", async (path) => {
    const { status, body } = await get(rootOf() + path);
    expect([400, 404]).toContain(status);
    expect(body).not.toContain("root:");
  });

  test.each(["PUT", "POST", "DELETE", "PATCH", "TRACE"])("%s changes nothing", async (method) => {
    const { status } = await get(session(), {}, method);
    expect([404, 405]).toContain(status);
  });

  test("headers without end are cut off", async () => {
    const { status } = await get(session(), { "x-long": "a".repeat(40_000) });
    expect(status).toBe(431);
  });

  test("is not reached by the machine's other addresses", async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4");
    const { port } = new URL(studio.address);
    for (const { address } of others)
      await expect(
        new Promise((resolve, reject) => {
          connect(Number(port), address, () => resolve("reached")).on("error", reject);
        }),
      ).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe.skipIf(!hasChromium)("a hostile page in another tab", () => {
  /** Serves a page of another origin. */
  async function hostile(): Promise<string> {
    const server: Server = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end("<!doctype html><title>evil</title>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  test("reads nothing though it knows the address, by fetch, script, picture, frame or form", async () => {
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const page = await newPage(browser);
    await page.goto(await hostile());
    const seen = await page.evaluate<string[]>(`(async () => {
      const address = ${JSON.stringify(studio.address)};
      const seen = [];
      const note = (what, work) => work.then(() => seen.push(what), () => {});
      await note("fetch", fetch(address + "api/session").then((r) => r.text()));
      await note("opaque", fetch(address + "api/session", { mode: "no-cors" }).then(async (r) => {
        if ((await r.text()) === "") throw new Error("empty");
      }));
      await note("post", fetch(address + "api/session", { method: "POST", body: "{}" }).then((r) => r.text()));
      const loads = (tag, set) => new Promise((resolve, reject) => {
        const each = document.createElement(tag);
        each.onload = resolve; each.onerror = reject;
        set(each); document.body.append(each);
      });
      await note("script", loads("script", (each) => { each.src = address + "page.js"; }));
      await note("style", loads("link", (each) => { each.rel = "stylesheet"; each.href = address + "page.css"; }));
      await note("picture", loads("img", (each) => { each.src = address + "page.css"; }));
      const frame = document.createElement("iframe");
      await new Promise((resolve) => { frame.onload = resolve; frame.src = address; document.body.append(frame); });
      try { if (frame.contentDocument?.querySelector("#studio")) seen.push("frame"); } catch {}
      return seen;
    })()`);
    expect(seen).toEqual([]);
  });

  test("reads nothing where its own name is turned to this machine", async () => {
    const browser = await startBrowser(["--host-resolver-rules=MAP evil.test 127.0.0.1"]);
    onTestFinished(() => browser.close());
    const page = await newPage(browser);
    const { port, pathname } = new URL(studio.address);
    const statuses: number[] = [];
    page.on("response", (response) => statuses.push(response.status()));
    await page.goto(`http://evil.test:${port}${pathname}`).catch(() => {});
    await expect.poll(() => statuses).toEqual([421]);
  });
});
