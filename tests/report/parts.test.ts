import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, describe, expect, it } from "vitest";
import { challengeParticles, type ParticlePick } from "../../src/domain/particles.js";
import { angstrom } from "../../src/domain/units.js";
import { chart } from "../../src/present/charts/chart.js";
import { html } from "../../src/present/html.js";
import { type ByteTomogram, cutOut, gap } from "../../src/present/pictures/cutout.js";
import { signed, thousands } from "../../src/present/text.js";
import { scaleBar } from "../../src/report/pictures/marks.js";
import { PictureBudget, renderSlices } from "../../src/report/pictures/slices.js";
import { countSweep } from "../../src/score/sweep.js";
import { readLog } from "../../src/train/watch/readLog.js";
import { spacingOf } from "../support/pickingFixtures.js";

const folder = mkdtempSync(join(tmpdir(), "report-parts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Dark but for what `bright` names. */
function tomogramOf(
  shape: readonly [number, number, number],
  bright: (z: number, y: number, x: number) => boolean,
) {
  const data = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++) data[(z * shape[1] + y) * shape[2] + x] = bright(z, y, x) ? 200 : 20;
  return { data, shape, spacing: spacingOf(10) } satisfies ByteTomogram;
}

const pixelsOf = (address: string) => decode(Buffer.from(address.split(",")[1]!, "base64"));

describe("html", () => {
  it("escapes every value but HTML", () => {
    const name = `<b title="x" class='y'>&`;
    expect(html`<p title="${name}">${[name, html`<i>${1}</i>`, null, false, undefined]}</p>`.text).toBe(
      '<p title="&lt;b title=&quot;x&quot; class=&#39;y&#39;&gt;&amp;">&lt;b title=&quot;x&quot; class=&#39;y&#39;&gt;&amp;<i>1</i></p>',
    );
  });

  it("holds for what charts say", async () => {
    const svg = await chart("<b>", {
      data: { values: [{ name: "<script>", count: 1.23456 }] },
      mark: "bar",
      encoding: { x: { field: "name", type: "nominal" }, y: { field: "count", type: "quantitative" } },
    });
    expect(svg.text).toContain('aria-label="&lt;b&gt;"');
    expect(svg.text).toContain("&lt;script&gt;");
    expect(svg.text).not.toMatch(/<script|style=|id=/);
  });
});

describe("numbers", () => {
  it("have a true minus, a sign only where they are not 0, and commas", () => {
    const shown = [-1.25, -0.04, 0.04, 2].map((value) => signed(value, 1));
    expect(shown).toEqual(["−1.3", "0.0", "0.0", "+2.0"]);
    expect([thousands(1103126), thousands(999)]).toEqual(["1,103,126", "999"]);
  });
});

describe("slices", () => {
  const tomogram = tomogramOf([40, 64, 96], (z, y, x) => z >= 20 && y < 32 && x >= 48);

  it("go evenly from the lowest z to the highest, x to the right and y downwards", () => {
    const { series } = renderSlices(tomogram, 1e6, new PictureBudget(1e6));
    expect(series!.slices).toHaveLength(24);
    expect(series!.slices[0]!.z).toBeLessThan(20);
    expect(series!.slices.at(-1)!.z).toBeGreaterThan(380);
    const { width, height, data } = pixelsOf(series!.slices.at(-1)!.address);
    expect([width, height]).toEqual([96, 64]);
    const pixel = (y: number, x: number) => data[y * width + x];
    expect([pixel(5, 90), pixel(60, 90), pixel(5, 5)]).toEqual([255, 0, 0]);
    expect(Math.max(...pixelsOf(series!.slices[0]!.address).data)).toBe(0);
  });

  it("are fewer where there is little room, and none where there is next to none", () => {
    const some = renderSlices(tomogram, 40_000, new PictureBudget(1e6)).series!.slices;
    expect(some.length).toBeLessThan(24);
    expect(some.reduce((sum, { address }) => sum + address.length, 0)).toBeLessThan(40_000);
    expect(renderSlices(tomogram, 1000, new PictureBudget(1e6)).series).toBeNull();
    expect(renderSlices(tomogram, 1e6, new PictureBudget(1000)).series).toBeNull();
  });

  it("of wide tomograms are binned", () => {
    const { series } = renderSlices(
      tomogramOf([8, 330, 660], () => false),
      5e6,
      new PictureBudget(5e6),
    );
    expect([series!.width, series!.height, series!.pixel]).toEqual([220, 110, { x: 30, y: 30 }]);
  });
});

describe("cut-outs", () => {
  it("show the planes xy, xz and yz through a place, and the volume's end", () => {
    const [z, y, x] = [5, 30, 40];
    const place = { x: angstrom(405), y: angstrom(305), z: angstrom(55) };
    const lines = tomogramOf(
      [40, 64, 96],
      (a, b, c) => (a === z && b === y && c > x) || (c === x && b === y && a > z),
    );
    const { image, side, pixel, centre } = cutOut(lines, place, 60, 99);
    expect([side, pixel, centre, image.width]).toEqual([25, 10, place, 3 * 25 + 2 * gap]);
    const at = (plane: number, row: number, column: number) =>
      image.data[(row + 12) * image.width + plane * (side + gap) + column + 12];
    expect(at(0, 0, 8)).toBeGreaterThan(at(0, 0, -8)!);
    expect(at(1, 0, 8)).toBeGreaterThan(at(1, 0, -8)!);
    expect(at(1, 8, 0)).toBeGreaterThan(at(1, 5, 5)!);
    expect(at(2, 8, 0)).toBeGreaterThan(at(2, 8, 8)!);
    expect([at(1, -12, 0), at(2, -12, 0), at(0, -12, 0)]).toEqual([99, 99, 20]);
  });
});

describe("log", () => {
  const step = { network: "all", step: 0, loss: 1, norm: 1, rate: 1, ms: 1, waitedMs: 0 };
  const write = (text: string): string => {
    const path = join(folder, "log.jsonl");
    writeFileSync(path, text);
    return path;
  };

  it("is read but for a torn end; a line of another kind is named", async () => {
    const line = JSON.stringify(step);
    const evaluation = JSON.stringify({ network: "all", step: 0, tuneScore: 0.5, best: true });
    const log = await readLog(write(`${line}\n${evaluation}\n${line.slice(0, 9)}`));
    expect([log.steps.length, log.evaluations.length]).toEqual([1, 1]);
    await expect(readLog(write(`${line}\n{"network":"all"}\n${line}\n`))).rejects.toMatchObject({
      message: expect.stringMatching(/line 2 is neither/),
    });
    expect(await readLog(join(folder, "nothing"))).toEqual({
      steps: [],
      evaluations: [],
      looks: [],
      minings: [],
    });
  });
});

describe("sweep", () => {
  it("counts every threshold over all runs, by types that the truth holds", () => {
    const pick = (x: number): ParticlePick => ({
      type: "ribosome",
      x: angstrom(x),
      y: angstrom(0),
      z: angstrom(0),
    });
    const truth = new Map([
      ["A", [pick(0), pick(1000)]],
      ["B", [pick(0)]],
    ]);
    const swept = {
      used: 0.5,
      thresholds: [0.2, 0.5],
      picks: [
        new Map([
          ["A", [pick(10), pick(500)]],
          ["B", [pick(74)]],
        ]),
        new Map([["B", [pick(76)]]]),
      ],
    };
    const sweep = countSweep(
      truth,
      challengeParticles,
      new Map([
        ["ribosome", swept],
        ["thyroglobulin", swept],
      ]),
    );
    expect(sweep).toEqual({
      sweepVersion: 1,
      runs: ["A", "B"],
      perType: {
        ribosome: {
          used: 0.5,
          points: [
            { threshold: 0.2, tp: 2, fp: 1, fn: 1 },
            { threshold: 0.5, tp: 0, fp: 1, fn: 3 },
          ],
        },
      },
    });
  });
});

describe("scale bars", () => {
  it.each([
    [10, 320, "100 nm", "100"],
    [10.012, 630, "200 nm", "199.8"],
    [3, 49, "2 nm", null],
    [0.1, 20, "0.5 Å", "5"],
  ])("%d Å a pixel, %d pixels: a bar of %s at most a third as long", (pixel, width, words, length) => {
    const { text } = scaleBar(pixel, { width, height: width, letters: 5 });
    expect(text).toContain(`>${words}</text>`);
    const drawn = Number(/h([\d.]+)/.exec(text)![1]);
    expect(drawn).toBeLessThanOrEqual(width / 3);
    if (length !== null) expect(drawn).toBeCloseTo(Number(length), 1);
  });
});
