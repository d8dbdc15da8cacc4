import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { accessFor } from "../../../src/data/remote/access.js";
import { downloadFile } from "../../../src/data/remote/download.js";
import { destinationIn, fetchFiles } from "../../../src/data/remote/fetchFiles.js";
import { usualPatience } from "../../../src/data/remote/request.js";
import { randomFor } from "../../../src/domain/random.js";
import { hashOf } from "../../../src/system/files.js";
import { type Fault, halfBody, serve } from "../../support/badServer.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const random = randomFor(1, "tests/download");
/** Bytes as of a packed file, the same in every run. */
const bytesOf = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, () => random.integer(256)));
const content = bytesOf(100_000);
const files = new Map([["a.bin", content]]);
const quick = { ...usualPatience(), attempts: 4, firstDelayMs: 5, longestDelayMs: 20 };
/** For servers that fall silent. */
const impatient = { ...quick, stallMs: 600 };

async function fetched(fault: Fault, options: Parameters<typeof downloadFile>[2] = {}) {
  const server = await serve(files, fault);
  const folder = temporaryFolder();
  const path = join(folder, "a.bin");
  const result = await downloadFile(`${server.url}/a.bin`, path, { patience: quick, ...options }).catch(
    (error: Error) => error,
  );
  return { result, server, folder, path };
}

const answers =
  (status: number, headers: Record<string, string> = {}): Fault =>
  (_request, response) => {
    response.writeHead(status, headers).end();
    return true;
  };

/** A fault at the first requests alone. */
const first =
  (times: number, fault: Fault): Fault =>
  (request, response, body, count) =>
    count <= times && fault(request, response, body, count);

const half: Fault = (_request, response, body) => halfBody(response, body);
const dropped: Fault = (request) => {
  request.socket.destroy();
  return true;
};
const silent: Fault = () => true;
const stalled: Fault = (_request, response, body) => {
  response.writeHead(200, { "content-length": body.length }).write(body.subarray(0, 10));
  return true;
};
const tooShort: Fault = (_request, response, body) => {
  response.writeHead(200, { "content-length": body.length + 7 });
  response.write(body, () => response.destroy());
  return true;
};

describe("faults that pass", () => {
  test.each<[string, Fault, typeof quick?]>([
    ["500", first(1, answers(500))],
    ["503 twice", first(2, answers(503))],
    ["429", first(1, answers(429))],
    ["408", first(1, answers(408))],
    ["a dropped connection", first(2, dropped)],
    ["no answer", first(1, silent), impatient],
    ["an answer that stalls", first(1, stalled), impatient],
    ["half a body", first(1, half)],
    ["a content-length that is too long", first(1, tooShort)],
  ])("%s: tried again until the file is whole", async (_name, fault, patience = quick) => {
    const { result, path, folder } = await fetched(fault, { patience });
    expect(result).toMatchObject({ size: content.length, sha256: hashOf(content) });
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  test("half a body is gone on with from where it broke", async () => {
    const { server } = await fetched(first(1, half));
    expect(server.requests.slice(0, 2)).toEqual(["GET a.bin", "GET a.bin bytes=50000-"]);
  });

  test("a server that knows no ranges is asked for the whole again", async () => {
    let given = 0;
    const fault: Fault = (_request, response, body, count) => {
      if (count === 1) return halfBody(response, body);
      response.writeHead(200, { "content-length": body.length }).end(body);
      return true;
    };
    const { path } = await fetched(fault, {
      onBytes: (count) => {
        given += count;
      },
    });
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(given).toBe(content.length);
  });
});

describe("faults that stay: one sentence, and nothing half-written", () => {
  test.each<[string, Fault, RegExp, number, typeof quick?]>([
    ["404", answers(404), /no such file on the server \(404\); check the address$/, 1],
    ["403", answers(403), /refuses access \(403\); only public data are read/, 1],
    ["400", answers(400), /answers 400 Bad Request; check/, 1],
    ["500", answers(500), /answers 500 Internal Server Error, after 4 attempts; try again later/, 4],
    ["dropped", dropped, /the connection broke .*, after 4 attempts/, 4],
    ["silent", silent, /no answer in time, after 3 attempts/, 3, impatient],
    ["a wrong length", tooShort, /broke off .*, after 4 attempts/, 4],
    [
      "a redirect to a file",
      answers(302, { location: "file:///etc/passwd" }),
      /redirects to file:.*not followed/,
      1,
    ],
    ["a circle", answers(302, { location: "/a.bin" }), /redirects more than 5 times/, 6],
    ["packed", answers(200, { "content-encoding": "gzip" }), /packs the file on its way/, 1],
  ])("%s", async (_name, fault, words, count, patience = quick) => {
    const { result, folder, server } = await fetched(fault, { patience });
    expect(result).toMatchObject({ tag: "BadDataset", message: expect.stringMatching(words) });
    expect((result as Error).message).toContain(`${server.url}/a.bin: `);
    expect((result as Error).message).not.toContain("\n");
    expect(readdirSync(folder)).toEqual([]);
    expect(server.requests.length).toBe(count);
  });

  test("another size than the list says", async () => {
    const { result } = await fetched(() => false, { size: 5 });
    expect(result).toMatchObject({ message: expect.stringMatching(/sends 100000 bytes, its list says 5/) });
  });

  test("nobody there, and a name that nobody has", async () => {
    const server = await serve(files);
    await server.close();
    const path = join(temporaryFolder(), "a.bin");
    await expect(downloadFile(`${server.url}/a.bin`, path)).rejects.toThrow(
      /no connection to 127.0.0.1:\d+, it refuses connections \(ECONNREFUSED\); is this machine online/,
    );
    expect(existsSync(path)).toBe(false);
  });
});

describe("many files", () => {
  const many: ReadonlyMap<string, Buffer> = new Map(
    Array.from({ length: 40 }, (_, i) => [`f/${i}`, bytesOf(1000 + i)] as const),
  );
  const filesOf = (url: string) =>
    [...many].map(([path, body]) => ({ path, url: `${url}/${path}`, size: body.length }));
  const options = { patience: quick };

  test("eight at a time; a second call fetches what is damaged alone", async () => {
    const server = await serve(many);
    const folder = temporaryFolder();
    expect(await fetchFiles(filesOf(server.url), destinationIn(folder), options)).toMatchObject({
      files: 40,
      kept: 0,
    });
    expect(server.most()).toBeLessThanOrEqual(8);
    writeFileSync(join(folder, "f/3"), bytesOf(1003));
    expect(await fetchFiles(filesOf(server.url), destinationIn(folder), options)).toEqual({
      files: 1,
      bytes: 1003,
      kept: 39,
      absent: 0,
    });
    for (const [path, body] of many) expect(readFileSync(join(folder, path)).equals(body), path).toBe(true);
  });

  test("stopped, whole files stand; the next call goes on", async () => {
    const reporter = hearingReporter();
    const server = await serve(many, (_request, response, body, count) => {
      if (server.requests.length === 20) reporter.stop();
      return server.requests.length >= 15 && count === 1 ? halfBody(response, body) : false;
    });
    const folder = temporaryFolder();
    await expect(
      fetchFiles(filesOf(server.url), destinationIn(folder), { ...options, access: accessFor(reporter) }),
    ).rejects.toMatchObject({
      tag: "Stopped",
      message: expect.stringMatching(/^stopped: \d+ of 40 files are here/),
    });
    const here = readdirSync(join(folder, "f"));
    expect(here.length).toBeGreaterThan(0);
    expect(here.length).toBeLessThan(40);
    for (const name of here)
      expect(readFileSync(join(folder, "f", name)).equals(many.get(`f/${name}`)!)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.startsWith(".partial"))).toEqual([]);
    expect(await fetchFiles(filesOf(server.url), destinationIn(folder), options)).toMatchObject({
      kept: here.length,
    });
  });
});
