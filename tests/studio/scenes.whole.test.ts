// What the studio hands to other programs: files to download, and a store that Neuroglancer's page alone may read.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { SceneFiles } from "../../src/studio/scenes/scenes.js";
import { viewerOrigin } from "../../src/viewers/neuroglancer.js";
import { hasChromium, openStudio, serveForTest, shownPlane, startBrowser } from "../support/studioBrowser.js";
import { simulatedForFile } from "../support/studioData.js";

const { folder } = simulatedForFile([40, 64, 64]);
let studio: Awaited<ReturnType<typeof serveForTest>>;

beforeAll(async () => {
  studio = await serveForTest({ paths: [folder] });
});
afterAll(async () => {
  await studio.close();
});

async function sceneFor(viewer: string, asked: object = {}): Promise<Response> {
  const body = JSON.stringify({ volume: "t0-0", viewer, sets: [{ id: "truth", thresholds: {} }], ...asked });
  return fetch(`${studio.address}api/scenes/TS_S1`, { method: "POST", body });
}

interface Layer {
  readonly type: string;
  readonly source: string;
  readonly shaderControls?: { readonly normalized: { readonly range: readonly number[] } };
}

describe("scenes for other programs", () => {
  test("Neuroglancer's page reads the tomogram and the points as files, and nothing else", async () => {
    const scene = (await (await sceneFor("neuroglancer")).json()) as SceneFiles;
    const state = JSON.parse(decodeURIComponent(scene.link!.split("#!")[1]!)) as { layers: Layer[] };
    const [image, points] = state.layers;
    expect(image!.shaderControls!.normalized.range[0]).toBeLessThan(
      image!.shaderControls!.normalized.range[1]!,
    );
    const store = image!.source.replace("zarr://", "");
    const foreign = { headers: { origin: viewerOrigin } };
    const attributes = await fetch(`${store}/.zattrs`, foreign);
    expect(attributes.headers.get("access-control-allow-origin")).toBe(viewerOrigin);
    expect(await attributes.json()).toHaveProperty("multiscales");
    expect((await fetch(`${store}/0/.zarray`, foreign)).status).toBe(200);
    const info = await fetch(`${points!.source.replace("precomputed://", "")}/info`, foreign);
    expect(await info.json()).toMatchObject({ "@type": "neuroglancer_annotations_v1" });
    expect((await fetch(`${studio.address}api/session`, foreign)).status).toBe(403);
    expect((await fetch(`${store}/../../../api/session`, foreign)).status).toBe(403);
    expect((await fetch(`${store}/.zattrs`, { headers: { origin: "https://evil.example" } })).status).toBe(
      403,
    );
    expect((await fetch(`${studio.address}scenes/0000000000000000/volume.zarr/.zattrs`)).status).toBe(404);
  });

  test.each(["napari", "chimerax", "imod"])("%s gets files with all points", async (viewer) => {
    const scene = (await (await sceneFor(viewer)).json()) as SceneFiles;
    expect(scene.files.length).toBeGreaterThan(0);
    expect(Buffer.from(scene.files[0]!.base64, "base64").length).toBeGreaterThan(50);
    expect(scene.how).toContain(scene.files[0]!.name);
  });

  test.each([
    ["another program", "blender", {}],
    ["no such tomogram", "imod", { volume: "/etc/passwd" }],
    ["no such set", "imod", { sets: [{ id: "q9", thresholds: {} }] }],
    ["a threshold that is none", "imod", { sets: [{ id: "truth", thresholds: { ribosome: "1" } }] }],
  ])("%s is refused in a sentence", async (_, viewer, asked) => {
    const answer = await sceneFor(viewer, asked);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: { message: string } }).error.message).toMatch(/\w+ \w+/);
  });

  test.skipIf(!hasChromium)("the panel offers the files", async () => {
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const open = await openStudio(browser, { paths: [folder] });
    onTestFinished(() => open.close());
    const { page, faults } = open;
    await shownPlane(page, "z");
    await page.getByRole("tab", { name: "Elsewhere" }).click();
    await page.getByRole("button", { name: "ChimeraX" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: /\.cxc$/ }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("TS_S1.cxc");
    expect(faults).toEqual([]);
  });
});
