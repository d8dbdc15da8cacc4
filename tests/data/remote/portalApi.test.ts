import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { findRun, openDataset } from "../../../src/data/dataset.js";
import { readPicks } from "../../../src/data/picks.js";
import { destinationIn, fetchFiles } from "../../../src/data/remote/fetchFiles.js";
import { findDatasets, portalFiles } from "../../../src/data/remote/portalApi.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { type Fault, halfBody, serve } from "../../support/badServer.js";
import { startPortal } from "../../support/portalServer.js";
import { stores, temporaryFolder, unpackStore, writeTree } from "../../support/storeFixtures.js";

/** A dataset of one run as the portal's server keeps it, and as it lies in a folder. */
async function portal(fault?: Fault) {
  const [name] = Object.keys(stores);
  const { api: url, queries, files, close } = await startPortal(unpackStore(name!), fault);
  onTestFinished(close);
  const folder = writeTree(temporaryFolder(), Object.fromEntries(files));
  return { folder: join(folder, "10440"), api: { url }, queries };
}

describe("the portal's API", () => {
  test("find asks by the schema's clauses", async () => {
    const { api, queries } = await portal();
    const found = await findDatasets(api, { organism: "in", object: "ribo%", limit: 10 });
    expect(found.map(({ id }) => id)).toEqual([10440, 10441]);
    expect(queries[0]!.variables).toEqual({
      where: {
        organismName: { _ilike: "%in%" },
        runs: { annotations: { objectName: { _ilike: "%ribo\\%%" } } },
      },
      page: { limit: 10, offset: 0 },
    });
  });

  test("get: --data reads what came, though every other body breaks, and a second call fetches nothing", async () => {
    const flaky: Fault = (request, response, body, count) =>
      request.url!.includes("/Annotations/") && count === 1 ? halfBody(response, body) : false;
    const { api, folder } = await portal(flaky);
    const out = temporaryFolder();
    const wish = {
      dataset: 10440,
      runs: ["TS_1"],
      tomoTypes: ["denoised"],
      annotations: "ground-truth",
    } as const;
    const files = await portalFiles(api, wish);
    await fetchFiles(files, destinationIn(out));
    expect(await fetchFiles(files, destinationIn(out))).toMatchObject({ files: 0 });
    const [there, here] = await Promise.all([openDataset(folder), openDataset(out)]);
    const [a, b] = await Promise.all(
      [there, here].map(async (dataset) =>
        (await openTomogram(findRun(dataset, "TS_1").tomograms[0]!)).readAll(),
      ),
    );
    expect(b).toEqual(a);
    expect(await readPicks(here, "TS_1", "apo-ferritin")).toEqual(
      await readPicks(there, "TS_1", "apo-ferritin"),
    );
    expect(await readPicks(here, "TS_1", "apo-ferritin")).toHaveLength(1);
    expect(readdirSync(out).filter((name) => name.includes("partial"))).toEqual([]);
    await expect(portalFiles(api, { ...wish, tomoTypes: ["Denoised", "wbp"] })).rejects.toThrow(
      /run TS_1 has no tomogram wbp; there is denoised$/,
    );
  });

  test.each([
    [
      "another schema",
      `{"data":{"runs":[{"id":"x","name":1}]}}`,
      /another schema \(data\.runs\.0\.id: .*newer pickbench$/,
    ],
    [
      "an error",
      `{"errors":[{"message":"Cannot query field"}],"data":null}`,
      /refuses the question: Cannot query field$/,
    ],
    ["no JSON", "<html>", /answers no JSON; is it the portal's GraphQL API\?$/],
    ["no run", `{"data":{"runs":[]}}`, /dataset 1 has no run TS_9; look with pickbench portal find$/],
    [
      "a run that leads away",
      `{"data":{"runs":[{"id":1,"name":"../TS_9"}]}}`,
      /has no run TS_9|cannot lie below/,
    ],
  ])("%s: one sentence", async (_name, answer, words) => {
    const server = await serve(new Map(), (_request, response) => {
      response.end(answer);
      return true;
    });
    const wish = { dataset: 1, runs: ["TS_9"], annotations: "all" } as const;
    await expect(portalFiles({ url: server.url }, wish)).rejects.toThrow(words);
  });
});
