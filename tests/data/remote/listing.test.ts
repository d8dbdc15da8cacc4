/** Lists end: by themselves, or with one sentence. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { parseAddress } from "../../../src/data/remote/address.js";
import { listBucket } from "../../../src/data/remote/listing.js";
import { findDatasets, portalFiles } from "../../../src/data/remote/portalApi.js";
import { serve } from "../../support/badServer.js";
import { pickbench } from "../../support/commandLine.js";
import { answering } from "../../support/hostileServer.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

beforeEach(() => () => vi.unstubAllEnvs());

const page = (keys: readonly string[], next?: string): string =>
  `<ListBucketResult><IsTruncated>${next !== undefined}</IsTruncated>${next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`}${keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join("")}</ListBucketResult>`;

const keysOf = (number: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `x/${number}-${i}.txt`);

async function listed(answer: (number: number) => string) {
  let number = 0;
  const url = await answering((_, response) => response.end(answer(number++)));
  vi.stubEnv("AWS_ENDPOINT_URL_S3", url);
  const address = parseAddress("s3://data-bucket/x");
  const result = await listBucket({ ...address, bucket: address.bucket! }, {}).catch((error: Error) => error);
  return { result, requests: () => number };
}

test("a list of many pages, some of them empty, is read whole", async () => {
  const { result } = await listed((number) =>
    page(number % 3 === 0 ? [] : keysOf(number, 10), number < 29 ? `t${number}` : undefined),
  );
  expect(result).toHaveLength(200);
});

test.each([
  ["empty pages", (number: number) => page([], `t${number}`), /goes on for 100 pages without a file/, 100],
  ["one token", (number: number) => page(keysOf(number, 1), "t"), /its list comes round again/, 2],
  ["two tokens", (number: number) => page(keysOf(number, 1), `t${number % 2}`), /comes round again/, 3],
  ["one page", (number: number) => page(keysOf(0, 1), `t${number}`), /names 0-0\.txt twice/, 2],
  [
    "new files for ever",
    (number: number) => page(keysOf(number, 40_000), `t${number}`),
    /^s3:\/\/data-bucket\/x: the list has 1,\d{3},\d{3} files; at most 1,000,000 are read$/,
    26,
  ],
  ["a page without end", () => page(keysOf(0, 400_000)), /answers more than 16777216 bytes/, 1],
])("%s", async (_name, answer, words, requests) => {
  const { result, requests: count } = await listed(answer);
  expect(result).toMatchObject({ tag: "BadDataset", message: expect.stringMatching(words) });
  expect(count()).toBe(requests);
});

const row = (id: number) => ({ id, name: `R${id}`, title: "x", organismName: null, fileSize: 1 });

async function portalOf(answer: (number: number) => unknown[]): Promise<{ readonly url: string }> {
  let number = 0;
  const url = await answering((request, response) => {
    request.resume();
    response.end(JSON.stringify({ data: { runs: answer(number), datasets: answer(number++) } }));
  });
  return { url };
}

test.each([
  [
    "the same rows",
    () => Array.from({ length: 500 }, (_, i) => row(i)),
    /its list of runs comes round again/,
  ],
  [
    "rows of which one came before",
    (number: number) =>
      Array.from({ length: 500 }, (_, i) => row(number === 1 && i === 3 ? 7 : number * 500 + i)),
    /its list of runs comes round again/,
  ],
  [
    "new rows for ever",
    (number: number) => Array.from({ length: 500 }, (_, i) => row(number * 500 + i)),
    /: the list of runs has 100,500 rows; at most 100,000 are read$/,
  ],
])("a portal that answers %s", async (_name, answer, words) => {
  const wish = { dataset: 1, annotations: "all" } as const;
  await expect(portalFiles(await portalOf(answer), wish)).rejects.toThrow(words);
});

test("find takes as many rows as asked for from a portal that sends more", async () => {
  const api = await portalOf((number) => Array.from({ length: 500 }, (_, i) => row(number * 500 + i)));
  expect(await findDatasets(api, { limit: 50 })).toHaveLength(50);
});

test("a portal that names places inside this machine, and with a password", async () => {
  for (const [store, words] of [
    [
      "http://user:pw@example.org/TS/Reconstructions/a.zarr",
      /^(?!.*pw).*names http:\/\/example.org.* with a user/,
    ],
    ["ftp://example.org/TS/Reconstructions/a.zarr", /another schema/],
  ] as const) {
    const url = await answering((request, response) => {
      request.resume();
      const tomograms = [
        { id: 1, processing: "denoised", reconstructionMethod: "x", httpsOmezarrDir: store },
      ];
      response.end(
        JSON.stringify({ data: { runs: [{ id: 1, name: "TS" }], tomograms, annotationFiles: [] } }),
      );
    });
    await expect(portalFiles({ url }, { dataset: 1, annotations: "all" })).rejects.toThrow(words);
  }
});

const refusedKeys = [
  ".bashrc",
  ".git/hooks/post-checkout",
  "a/.ssh/authorized_keys",
  "../evil",
  "a/../../evil",
  "a//b",
  "a\\b",
  "a\u0000b",
  "a\u001b[31m",
  `${"x".repeat(300)}.txt`,
  "a/.zattrs/b",
  ".pickbench-fetched.jsonl",
];

test.each(refusedKeys)("the key %j is refused", async (key) => {
  const server = await serve(new Map([[`data-bucket/x/${key}`, Buffer.from("x")]]), (request, response) => {
    if (!request.url!.includes("list-type")) return false;
    response.end(page([`x/${key}`]));
    return true;
  });
  vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
  const out = join(temporaryFolder(), "o");
  const { code, stderr } = await pickbench("fetch", "s3://data-bucket/x", "--out", out);
  expect([code, stderr.split("\n").length]).toEqual([1, 2]);
  expect(stderr).toMatch(
    /^pickbench: s3:\/\/data-bucket\/x: .*(cannot lie below a folder here|no list of a bucket)/,
  );
  expect(existsSync(out)).toBe(false);
});

test("what macOS leaves in folders is passed over", async () => {
  const { result } = await listed(() => page(["x/.DS_Store", "x/a/._b.json", "x/a/.zattrs"]));
  expect(result).toMatchObject([{ path: "a/.zattrs" }]);
});
