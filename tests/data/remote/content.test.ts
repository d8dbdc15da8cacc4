/** What a server sends is what its name says, or is refused; what a killed download left is removed. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { downloadFile } from "../../../src/data/remote/download.js";
import { destinationIn, fetchFiles } from "../../../src/data/remote/fetchFiles.js";
import { usualPatience } from "../../../src/data/remote/request.js";
import { angstrom } from "../../../src/domain/units.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { thisProcess } from "../../../src/system/owner.js";
import { serve, treeOf } from "../../support/badServer.js";
import { pickbench } from "../../support/commandLine.js";
import { answering } from "../../support/hostileServer.js";
import { stores, temporaryFolder, unpackStore } from "../../support/storeFixtures.js";

beforeEach(() => {
  vi.stubEnv("PICKBENCH_CACHE", temporaryFolder());
  return () => vi.unstubAllEnvs();
});

async function map(): Promise<Buffer> {
  const path = join(temporaryFolder(), "a.mrc");
  const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
  const writer = await createMrc(path, { shape: [8, 8, 8], spacing });
  await writer.writeSlab(
    0,
    Float32Array.from({ length: 512 }, (_, i) => Math.sin(i)),
  );
  await writer.close();
  return readFileSync(path);
}

const page = Buffer.from("\ufeff <!-- portal -->\n<!DOCTYPE html><html>captive portal: log in</html>");
const half = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2));

/** Fetches one file of these bytes; a list says its size or does not. */
async function fetchedAs(path: string, bytes: Buffer, isListed: boolean) {
  const server = await serve(new Map([[path, bytes]]));
  const out = temporaryFolder();
  const file = { path, url: `${server.url}/${path}`, ...(isListed ? { size: bytes.length } : {}) };
  const error = await fetchFiles([file], destinationIn(out)).then(
    () => undefined,
    (reason: Error) => reason,
  );
  return { error, url: file.url, isThere: existsSync(join(out, path)) };
}

describe.each([true, false])("with its size in a list: %s", (isListed) => {
  test.each([
    ["a.mrc", page, /sends a web page instead of the file; does it want a login\?$/],
    ["a.mrc", Buffer.from("x"), /sends 1 bytes, an MRC header alone has 1024$/],
    ["a.mrc", Buffer.alloc(5000, 7), /header|MRC/],
    ["a.zarr/.zattrs", page, /sends a web page/],
    ["a.zarr/.zattrs", Buffer.from('{"multiscales": ['), /line 1, column 18/],
    ["a.zarr/zarr.json", Buffer.from("hello"), /line 1, column 1/],
    ["a.ndjson", Buffer.from('{"a": 1}\n{"a": '), /line 2 is/],
    ["a.csv", page, /sends a web page/],
    ["Picks/ribosome.json", page, /sends a web page/],
  ])("%s of %j is refused", async (path, bytes, words) => {
    const { error, url, isThere } = await fetchedAs(path, bytes, isListed);
    expect(error).toMatchObject({ tag: "BadDataset", message: expect.stringMatching(words) });
    expect(error!.message.startsWith(`${url}: `)).toBe(true);
    expect(isThere).toBe(false);
  });

  test("half a map, packed or not, and a packed half", async () => {
    const whole = await map();
    for (const [name, bytes] of [
      ["a.mrc", half(whole)],
      ["a.mrc.gz", half(gzipSync(whole))],
      ["a.mrc.gz", gzipSync(half(whole))],
    ] as const)
      expect(await fetchedAs(name, bytes, isListed), name).toMatchObject({
        error: { tag: "BadDataset" },
        isThere: false,
      });
    for (const [name, bytes] of [
      ["a.mrc", whole],
      ["a.mrc.gz", gzipSync(whole)],
    ] as const)
      expect(await fetchedAs(name, bytes, isListed)).toMatchObject({ error: undefined, isThere: true });
  });

  test("an empty file is refused where no list says that it is empty", async () => {
    const { error } = await fetchedAs("a.csv", Buffer.alloc(0), isListed);
    if (isListed) expect(error).toBeUndefined();
    else expect(error?.message).toMatch(/sends an empty file/);
  });
});

test.each(Object.keys(stores).filter((name) => !/broken|missing|nan/i.test(name)))(
  "%s: half a chunk is refused, and not kept",
  async (name) => {
    const folder = unpackStore(name);
    const files = treeOf(folder);
    const path = [...files.keys()].find((key) => /^\d+\/(?:c[./])?\d/.test(key))!;
    const cut = new Map([...files, [path, half(files.get(path)!)] as const]);
    const served = await serve(cut);
    const out = temporaryFolder();
    const list = [...cut.keys()].map((key) => ({ path: key, url: `${served.url}/${encodeURI(key)}` }));
    await expect(fetchFiles(list, destinationIn(out))).rejects.toThrow(`${served.url}/${encodeURI(path)}`);
    expect(existsSync(join(out, path))).toBe(false);
    await served.close();
  },
);

test("a server that sends less than 1 kB a second is given up, one that stays above is not", async () => {
  const patience = { ...usualPatience(), stallMs: 1500, slowAttempts: 2, firstDelayMs: 1, longestDelayMs: 2 };
  const dripping = (bytes: number, every: number) =>
    answering((request, response) => {
      response.writeHead(200, { "content-length": 2000 });
      let sent = 0;
      const timer = setInterval(() => {
        sent += bytes;
        response.write(Buffer.alloc(bytes));
        if (sent >= 2000) response.end();
      }, every);
      request.socket.on("close", () => clearInterval(timer));
    });
  const path = join(temporaryFolder(), "a");
  await expect(downloadFile(`${await dripping(1, 20)}/a`, path, { patience })).rejects.toThrow(
    /only [\d.]+ bytes a second come, wanted 1000, after 2 attempts/,
  );
  const quick = { ...patience, leastBytesPerSecond: 10 };
  expect(await downloadFile(`${await dripping(20, 10)}/a`, path, { patience: quick })).toMatchObject({
    size: 2000,
  });
});

test("a server that asks to wait for years is given up at once", async () => {
  const server = await serve(new Map(), (_request, response) => {
    response.writeHead(429, { "retry-after": "99999999" }).end();
    return true;
  });
  await expect(downloadFile(`${server.url}/a`, join(temporaryFolder(), "a"))).rejects.toThrow(
    /answers 429 Too Many Requests and asks to wait 99,999,999 s, after 1 attempt; try again later/,
  );
});

test.each(["x", "0", "-1", "4000"])("PICKBENCH_TIMEOUT=%s is refused", (given) => {
  vi.stubEnv("PICKBENCH_TIMEOUT", given);
  expect(usualPatience).toThrow(/PICKBENCH_TIMEOUT is .*; wanted seconds, above 0 and at most 3600/);
});

test("what a killed download left is removed; what another one writes is not", async () => {
  const server = await serve(new Map([["a.txt", Buffer.from("x")]]));
  const out = temporaryFolder();
  const { pid, started, machine } = thisProcess();
  const ended = [`a.txt.partial-${2 ** 22 + 5}-123-${machine}-012345`];
  const kept = [`a.txt.partial-${pid}-${started}-${machine}-012345`, "a.partial-mine"];
  for (const name of [...ended, ...kept]) writeFileSync(join(out, name), "half");
  await fetchFiles([{ path: "a.txt", url: `${server.url}/a.txt` }], destinationIn(out));
  expect(
    readdirSync(out)
      .filter((name) => name.includes(".partial"))
      .sort(),
  ).toEqual(kept.sort());
});

describe("the cache", () => {
  const cached = () =>
    readdirSync(process.env.PICKBENCH_CACHE!).map((key) => join(process.env.PICKBENCH_CACHE!, key));

  test("a damaged list offline is one sentence that names it", async () => {
    const files = treeOf(unpackStore(Object.keys(stores)[0]!));
    const server = await serve(new Map([...files].map(([path, body]) => [`T.zarr/${path}`, body])));
    const url = `${server.url}/T.zarr`;
    expect(await pickbench("inspect", "--data", url)).toMatchObject({ code: 0 });
    await server.close();
    expect(await pickbench("inspect", "--data", url)).toMatchObject({ code: 0 });
    const list = join(cached()[0]!, "files.json");
    for (const damage of ["[{", "7", ""]) {
      writeFileSync(list, damage);
      const { code, stderr } = await pickbench("inspect", "--data", url);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /^pickbench: [^\n]*files\.json, cannot be read \(damaged\): remove it[^\n]*\n$/,
        ),
      ]);
    }
    rmSync(list);
    mkdirSync(list);
    expect(await pickbench("inspect", "--data", url)).toMatchObject({ code: 1 });
  });

  test("messages name the address, not the copy", async () => {
    const folder = unpackStore(Object.keys(stores)[0]!);
    const files = treeOf(folder);
    const name = [".zattrs", "zarr.json"].find((key) => files.has(key))!;
    files.set(name, Buffer.from("{}"));
    const server = await serve(new Map([...files].map(([path, body]) => [`d/T.zarr/${path}`, body])));
    const { code, stderr } = await pickbench("inspect", "--data", `${server.url}/d/T.zarr`);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`pickbench: ${server.url}/d/T.zarr/${name}: not `),
    ]);
    expect(stderr).not.toMatch(/pickbench-store|\/tmp\//);
    const bare = await serve(new Map([["d/x.mrc", await map()]]));
    const { stderr: none } = await pickbench("inspect", "--data", `${bare.url}/d/x.mrc`, "--runs", "nobody");
    expect(none).not.toContain(process.env.PICKBENCH_CACHE);
  });
});
