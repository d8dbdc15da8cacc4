/** Two parts make one file only where the server proves that they are of one version (RFC 9110, 13.1.5, 14.4 and 15.3.7). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { downloadFile } from "../../../src/data/remote/download.js";
import { partFault, versionOf } from "../../../src/data/remote/parts.js";
import { usualPatience } from "../../../src/data/remote/request.js";
import { serve } from "../../support/badServer.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const lines = (fields: Record<string, string>) => new Headers(fields);
const old = "Wed, 06 Nov 2024 00:00:00 GMT";
const now = "Wed, 06 Nov 2024 00:01:00 GMT";

test.each([
  [
    { etag: '"a"', "content-length": "9" },
    { total: 9, header: "etag", value: '"a"' },
  ],
  [{ etag: 'W/"a"', "content-length": "9", "last-modified": old, date: now }, undefined],
  [{ etag: '"a"' }, undefined],
  [{ etag: "a", "content-length": "9" }, undefined],
  [
    { "last-modified": old, date: now, "content-length": "9" },
    { total: 9, header: "last-modified", value: old },
  ],
  [{ "last-modified": now, date: now, "content-length": "9" }, undefined],
  [{ "last-modified": old, "content-length": "9" }, undefined],
  [{ "content-length": "9" }, undefined],
])("%j says of its version %j", (headers, version) => {
  expect(versionOf(lines(headers as Record<string, string>))).toEqual(version);
});

const byTag = { total: 100, header: "etag", value: '"a"' } as const;
const byDate = { total: 100, header: "last-modified", value: old } as const;
const rest = { etag: '"a"', "content-range": "bytes 50-99/100", "content-length": "50" };

test("the rest of the same version is taken", () => {
  expect(partFault(lines(rest), 50, byTag)).toBeUndefined();
  expect(partFault(lines({ etag: '"a"', "content-range": "bytes 50-99/100" }), 50, byTag)).toBeUndefined();
  expect(partFault(lines({ ...rest, "last-modified": old }), 50, byDate)).toBeUndefined();
});

test.each([
  ["another ETag", { ...rest, etag: '"b"' }, byTag],
  ["a weak ETag", { ...rest, etag: 'W/"a"' }, byTag],
  ["no ETag", { "content-range": "bytes 50-99/100" }, byTag],
  ["another date", { ...rest, "last-modified": now }, byDate],
  ["no date", rest, byDate],
  ["another total", { ...rest, "content-range": "bytes 50-99/101" }, byTag],
  ["no total", { ...rest, "content-range": "bytes 50-99/*" }, byTag],
  ["a later place", { ...rest, "content-range": "bytes 60-99/100" }, byTag],
  ["an earlier end", { ...rest, "content-range": "bytes 50-98/100" }, byTag],
  ["no place", { etag: '"a"' }, byTag],
  ["several places", { etag: '"a"', "content-type": "multipart/byteranges; boundary=x" }, byTag],
  ["another length", { ...rest, "content-length": "49" }, byTag],
])("%s is not", (_name, headers, version) => {
  expect(partFault(lines(headers as Record<string, string>), 50, version)).toEqual(expect.any(String));
});

describe("a download that broke, by date", () => {
  const body = Buffer.from(Array.from({ length: 10_000 }, (_, i) => i % 251));
  const patience = { ...usualPatience(), attempts: 4, firstDelayMs: 5, longestDelayMs: 10 };

  test.each([
    [old, ["GET a", "GET a bytes=5000-"]],
    [now, ["GET a", "GET a bytes=5000-", "GET a"]],
  ])("goes on where the date is still the same: %s", async (later, requests) => {
    let breakOff = (): unknown => undefined;
    let received = 0;
    const onBytes = (count: number) => {
      received += count;
      if (received === 5000) breakOff();
    };
    const server = await serve(new Map([["a", body]]), (request, response, content, count) => {
      const dates = { "last-modified": count === 1 ? old : later, date: now };
      const from = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
      if (from === 0) response.writeHead(200, { ...dates, "content-length": content.length });
      else
        response.writeHead(206, {
          ...dates,
          "content-range": `bytes ${from}-${content.length - 1}/${content.length}`,
        });
      if (count > 1) response.end(content.subarray(from));
      else {
        response.write(content.subarray(0, 5000));
        breakOff = () => response.destroy();
      }
      return true;
    });
    const path = join(temporaryFolder(), "a");
    await downloadFile(`${server.url}/a`, path, { patience, onBytes });
    expect(readFileSync(path).equals(body)).toBe(true);
    expect(server.requests).toEqual(requests);
  });
});
