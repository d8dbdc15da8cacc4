/** The challenge's files from a server that answers as Kaggle's API does, and as it should not. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  type ChallengeWish,
  competition,
  explained,
  kaggleFiles,
  wantedFiles,
} from "../../../../src/data/remote/challenge/kaggleFiles.js";
import { kaggleAuthorization } from "../../../../src/data/remote/challenge/kaggleToken.js";
import { serverOrTest } from "../../../../src/data/remote/challenge/publicServer.js";
import { destinationIn, fetchFiles } from "../../../../src/data/remote/fetchFiles.js";
import type { SizedFile } from "../../../../src/data/remote/listing.js";
import { usualPatience } from "../../../../src/data/remote/request.js";
import { halfBody } from "../../../support/badServer.js";
import { hearingReporter } from "../../../support/hearingReporter.js";
import { type ApiFault, goodToken, startKaggle } from "../../../support/kaggleServer.js";
import { temporaryFolder } from "../../../support/storeFixtures.js";

const picks = (run: string, type: string) => `train/overlay/ExperimentRuns/${run}/Picks/${type}.json`;
const zarr = (part: string, run: string, type: string) =>
  `${part}/static/ExperimentRuns/${run}/VoxelSpacing10.000/${type}.zarr/.zattrs`;
const names = [
  "sample_submission.csv",
  picks("TS_5_4", "ribosome"),
  picks("TS_6_4", "ribosome"),
  zarr("train", "TS_5_4", "denoised"),
  zarr("train", "TS_5_4", "wbp"),
  zarr("train", "TS_6_4", "denoised"),
  zarr("test", "TS_5_4", "denoised"),
];
const files = new Map(names.map((name, at) => [name, Buffer.from(JSON.stringify({ at }))]));
const quick = { ...usualPatience(), attempts: 4, firstDelayMs: 5, longestDelayMs: 20 };
const authorization = `Bearer ${goodToken}`;

async function kaggle(...given: Parameters<typeof startKaggle>) {
  const server = await startKaggle(...given);
  onTestFinished(server.close);
  const api = { url: server.url, authorization, patience: quick };
  const out = temporaryFolder();
  const fetchAll = async () =>
    explained(async () =>
      fetchFiles(await kaggleFiles(api), destinationIn(out), { authorization, patience: quick }),
    );
  return { server, api, out, fetchAll };
}

const answers =
  (status: number, headers: Record<string, string> = {}, times = Number.POSITIVE_INFINITY): ApiFault =>
  (_, response, count) => {
    if (count > times) return false;
    response.writeHead(status, headers).end("{}");
    return true;
  };

afterEach(() => vi.unstubAllEnvs());

describe("the list and the files", () => {
  test("come page by page, to their places, and a second time nothing is fetched", async () => {
    const { server, out, fetchAll } = await kaggle(files);
    expect(await fetchAll()).toMatchObject({ files: names.length, kept: 0 });
    for (const [name, content] of files) expect(readFileSync(join(out, name))).toEqual(content);
    const lists = server.asked.filter(({ path }) => path.includes("/list/")).map(({ path }) => path);
    expect(lists).toEqual(
      ["", "&pageToken=3", "&pageToken=6"].map(
        (token) => `/competitions/data/list/${competition}?pageSize=200${token}`,
      ),
    );
    expect(await fetchAll()).toMatchObject({ files: 0, kept: names.length });
  });

  test("the token goes to the API alone", async () => {
    const { server, fetchAll } = await kaggle(files);
    await fetchAll();
    expect(new Set(server.asked.map(({ authorization: shown }) => shown))).toEqual(new Set([authorization]));
    expect(server.shown).toEqual(names.map(() => undefined));
  });

  test("the token is not sent back to the API once a redirect has left it", async () => {
    let here = "";
    const seen: (string | undefined)[] = [];
    const { server, fetchAll } = await kaggle(new Map([["a.csv", Buffer.from("id\n")]]), {
      api: (request, response) => {
        if (request.url !== "/back") return false;
        seen.push(request.headers.authorization);
        response.end("id\n");
        return true;
      },
      storage: (_, response) => {
        response.writeHead(302, { location: `${here}/back` }).end();
        return true;
      },
    });
    here = server.url;
    expect(await fetchAll()).toMatchObject({ files: 1 });
    expect(seen).toEqual([undefined]);
  });

  test("a file that breaks off goes on from its last byte, by a new address", async () => {
    const large = Buffer.alloc(50_000, 7);
    const { server, out, fetchAll } = await kaggle(new Map([["a.bin", large]]), {
      storage: (_, response, body, count) => count === 1 && halfBody(response, body),
    });
    expect(await fetchAll()).toMatchObject({ files: 1 });
    expect(readFileSync(join(out, "a.bin"))).toEqual(large);
    expect(server.fetched).toEqual(["GET a.bin", expect.stringMatching(/^GET a\.bin bytes=\d+-$/)]);
    expect(server.asked.filter(({ path }) => path.includes("/download/")).length).toBe(2);
  });

  test("an older API's list, an array of files, is read too", async () => {
    const { api } = await kaggle(files, {
      api: (_, response) => {
        response.end(JSON.stringify([{ ref: "a.csv", name: "a.csv", totalBytes: 3 }]));
        return true;
      },
    });
    expect(await kaggleFiles(api)).toEqual([
      { path: "a.csv", url: `${api.url}/competitions/data/download/${competition}/a.csv`, size: 3 },
    ]);
  });
});

describe("refusals and faults", () => {
  const list =
    (content: unknown): ApiFault =>
    (_, response) => {
      response.end(typeof content === "string" ? content : JSON.stringify(content));
      return true;
    };
  const one = (name: string) => ({ files: [{ name, totalBytes: 1 }], nextPageToken: "" });
  test.each<[string, ApiFault, RegExp]>([
    ["401", answers(401), /^Kaggle does not know the token \(401\); make a new one/],
    ["403", answers(403), /this account has not accepted its rules; accept them at .*\/rules, and/],
    ["404", answers(404), /\(404\); the challenge may have moved.*--from portal/],
    [
      "429 that asks for an hour",
      answers(429, { "retry-after": "3600" }),
      /asks to wait 3,600 s.*try again later/,
    ],
    ["500 for ever", answers(500), /answers 500.*after 4 attempts/],
    ["a page of HTML", list("<html>login</html>"), /answers no JSON/],
    [
      "another schema",
      list({ files: [{ name: "a" }] }),
      /answers by another schema \(files\.0\.totalBytes: /,
    ],
    [
      "a size below nothing",
      list({ files: [{ name: "a", totalBytes: -1 }] }),
      /another schema \(files\.0\.totalBytes: /,
    ],
    ["a list that comes round", list({ files: [], nextPageToken: "same" }), /comes round again/],
    ["a name twice", list({ files: [one("a").files[0], one("a").files[0]] }), /names a twice/],
    ["a name that leads out", list(one("../../.bashrc")), /cannot lie below a folder here/],
    ["an absolute name", list(one("/etc/passwd")), /cannot lie below a folder here/],
    ["a hidden name", list(one(".ssh/authorized_keys")), /cannot lie below a folder here/],
    ["a name with a control character", list(one("a\u001b[2Jb")), /cannot lie below a folder here/],
    ["a name of a device", list(one("train/con")), /cannot lie below a folder here/],
  ])("%s is one sentence, and leaves nothing", async (_, api, message) => {
    const { out, fetchAll } = await kaggle(files, { api });
    const error = await fetchAll().catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain(goodToken);
    expect(existsSync(join(out, "sample_submission.csv"))).toBe(false);
  });

  test("429 and 503 that pass are waited for", async () => {
    const { server, fetchAll } = await kaggle(files, { api: answers(429, { "retry-after": "0" }, 2) });
    expect(await fetchAll()).toMatchObject({ files: names.length });
    expect(server.asked.length).toBeGreaterThan(names.length + 3);
  });

  test("rules that are not accepted show at the first file, where the list came", async () => {
    const { fetchAll } = await kaggle(files, {
      api: (request, response) => {
        if (!request.url!.includes("/download/")) return false;
        response.writeHead(403).end("{}");
        return true;
      },
    });
    await expect(fetchAll()).rejects.toThrow(/has not accepted its rules/);
  });

  test("a file of another size than its list says is refused, the whole ones stay", async () => {
    const { out, fetchAll } = await kaggle(files, { sizes: { [names[0]!]: 99 } });
    await expect(fetchAll()).rejects.toThrow(/sends \d+ bytes, its list says 99/);
    expect(existsSync(join(out, names[0]!))).toBe(false);
  });

  test("the signature of an address that a server leads to is in no message", async () => {
    const { fetchAll } = await kaggle(files, {
      api: (request, response) => {
        if (!request.url!.includes("/download/")) return false;
        response.writeHead(302, { location: "ftp://elsewhere/x?X-Goog-Signature=secret" }).end();
        return true;
      },
    });
    const error = await fetchAll().catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(/redirects to ftp:\/\/elsewhere\/x, which is not followed/);
  });
});

describe("the wanted part", () => {
  const listed: SizedFile[] = names.map((path) => ({ path, url: path, size: 1 }));
  test.each<[string, ChallengeWish, number[]]>([
    ["all", {}, [0, 1, 2, 3, 4, 5, 6]],
    ["training", { part: "train" }, [1, 2, 3, 4, 5]],
    ["a run", { part: "train", runs: ["TS_6_4"] }, [2, 5]],
    ["a reconstruction, with the picks", { part: "train", tomograms: ["denoised"] }, [1, 2, 3, 5]],
    ["of both parts", { runs: ["TS_5_4"], tomograms: ["denoised"] }, [1, 3, 6]],
  ])("%s", (_, wish, wanted) => {
    expect(wantedFiles(listed, wish).map(({ path }) => path)).toEqual(wanted.map((at) => names[at]));
  });

  test("what is not there is named with what is", () => {
    expect(() => wantedFiles(listed, { runs: ["TS_1"] })).toThrow(/no TS_1; it has TS_5_4, TS_6_4$/);
    expect(() => wantedFiles(listed, { part: "test", tomograms: ["wbp"] })).toThrow(
      /no wbp; it has denoised$/,
    );
  });
});

describe("the token", () => {
  const clear = (home: string) => {
    for (const name of ["KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR"])
      vi.stubEnv(name, "");
    vi.stubEnv("HOME", home);
    mkdirSync(join(home, ".kaggle"), { recursive: true });
    return join(home, ".kaggle", "kaggle.json");
  };
  const asks = async () => {
    const reporter = hearingReporter();
    return { is: await kaggleAuthorization(reporter), notes: reporter.notes };
  };

  test("is found in the environment and in kaggle.json, old and new", async () => {
    const file = clear(temporaryFolder());
    await expect(asks()).rejects.toThrow(/^no token of Kaggle's API is here: make one at/);
    writeFileSync(file, JSON.stringify({ username: "ann", key: "0123" }), { mode: 0o600 });
    expect(await asks()).toEqual({ is: `Basic ${btoa("ann:0123")}`, notes: [] });
    chmodSync(file, 0o644);
    expect((await asks()).notes).toEqual([expect.stringMatching(/^warning: other users .*chmod 600/)]);
    vi.stubEnv("KAGGLE_USERNAME", "bob");
    vi.stubEnv("KAGGLE_KEY", "KGAT_new");
    expect((await asks()).is).toBe("Bearer KGAT_new");
    vi.stubEnv("KAGGLE_API_TOKEN", "KGAT_own");
    expect((await asks()).is).toBe("Bearer KGAT_own");
  });

  test("is in no message, whatever the file holds", async () => {
    const file = clear(temporaryFolder());
    for (const text of ['{"username":"ann","key":"s3cret"', '{"username":"ann","kay":"s3cret"}', "s3cret"]) {
      writeFileSync(file, text, { mode: 0o600 });
      const error = (await asks().catch((thrown: Error) => thrown)) as Error;
      expect(error.message).toMatch(/wanted a JSON object with username and key/);
      expect(`${error.message} ${error.cause}`).not.toContain("s3cret");
    }
    vi.stubEnv("KAGGLE_API_TOKEN", "s3cret\nX-Other: 1");
    const error = (await asks().catch((thrown: Error) => thrown)) as Error;
    expect(error.message).toMatch(/^KAGGLE_API_TOKEN: holds no token/);
    expect(error.message).not.toContain("s3cret");
  });

  test.each([
    "https://elsewhere.org",
    "http://10.0.0.1:80",
    "http://localhost.elsewhere.org",
    "https://127.0.0.1",
    "http://a@127.0.0.1",
    "x",
  ])("cannot be led to %s by the environment", (address) => {
    vi.stubEnv("PICKBENCH_TEST_KAGGLE", address);
    expect(() => serverOrTest("https://usual", "PICKBENCH_TEST_KAGGLE")).toThrow(/this machine alone/);
  });
});
