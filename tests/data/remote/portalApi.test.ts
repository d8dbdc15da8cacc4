import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findRun, openDataset } from "../../../src/data/dataset.js";
import { readPicks } from "../../../src/data/picks.js";
import { destinationIn, fetchFiles } from "../../../src/data/remote/fetchFiles.js";
import { findDatasets, portalFiles } from "../../../src/data/remote/portalApi.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { type Fault, halfBody, serve, treeOf } from "../../support/badServer.js";
import { stores, temporaryFolder, unpackStore, writeTree } from "../../support/storeFixtures.js";

/** A dataset of one run as the portal's server keeps it, and the API's answers by the published schema. */
async function portal(fault?: Fault) {
  const folder = temporaryFolder();
  const spacing = join(folder, "10440/TS_1/Reconstructions/VoxelSpacing10.000");
  const [name] = Object.keys(stores);
  unpackStore(name!, join(spacing, "Tomograms/100/TS_1.zarr"));
  writeTree(spacing, {
    "Tomograms/100/tomogram_metadata.json": JSON.stringify({
      processing: "denoised",
      reconstruction_method: "WBP",
    }),
    "Annotations/100/ferritin_complex-1.0.json": JSON.stringify({
      annotation_object: { name: "ferritin complex" },
      ground_truth_status: true,
      files: [{ format: "ndjson", path: "10440/TS_1/x/ferritin_complex-1.0_point.ndjson" }],
    }),
    "Annotations/100/ferritin_complex-1.0_point.ndjson": `${JSON.stringify({ type: "point", location: { x: 1, y: 2, z: 3 } })}\n`,
  });
  const queries: { readonly query: string; readonly variables: unknown }[] = [];
  const server = await serve(treeOf(folder), (request, response, body, count) => {
    if (request.method !== "POST") return fault?.(request, response, body, count) ?? false;
    let text = "";
    request.on("data", (piece: Buffer) => {
      text += piece.toString();
    });
    request.on("end", () => {
      const asked = JSON.parse(text) as (typeof queries)[number];
      queries.push(asked);
      const field = /\{ (\w+)\(/.exec(asked.query)![1]!;
      response.end(JSON.stringify({ data: { [field]: answers(server.url)[field] } }));
    });
    return true;
  });
  return { folder: join(folder, "10440"), api: { url: `${server.url}/graphql` }, server, queries };
}

const answers = (url: string): Record<string, unknown[]> => {
  const inside = `${url}/10440/TS_1/Reconstructions/VoxelSpacing10.000`;
  const annotation = { httpsMetadataPath: `${inside}/Annotations/100/ferritin_complex-1.0.json` };
  const httpsPath = `${inside}/Annotations/100/ferritin_complex-1.0_point.ndjson`;
  const httpsOmezarrDir = `${inside}/Tomograms/100/TS_1.zarr`;
  return {
    datasets: [
      { id: 10441, title: "B", organismName: null, fileSize: null },
      { id: 10440, title: "A", organismName: "in vitro", fileSize: 2.5e9 },
    ],
    runs: [{ id: 7, name: "TS_1" }],
    tomograms: [{ processing: "denoised", reconstructionMethod: "WBP", httpsOmezarrDir }],
    annotationFiles: [{ httpsPath, annotationShape: { annotation } }],
  };
};

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
