import { expect, it } from "vitest";
import { spectraText, type TomogramSpectrum } from "../../../src/data/inspect/spectra.js";

const measured = (run: string, width: number): TomogramSpectrum => ({
  ...{ run, tomogram: "denoised", sectorEdges: [], sectors: [], particles: [] },
  frequencies: [1, 2, 3, 4].map((shell) => shell * width),
  power: [8, 6, 4, 2],
  stored: { median: 0, scale: 1 },
  values: { mean: 0, deviation: 1, skewness: 0, kurtosis: 0, quantiles: [] },
});

it("tabulates powers under the lengths of each voxel spacing", () => {
  const [first, second] = spectraText([
    measured("A", 0.0125),
    measured("B", 0.025),
    measured("C", 0.0125),
  ]).split("\n\n");
  expect(first!.split("\n").map((row) => row.split(/ {2,}/))).toEqual([
    ["power at", "80 Å", "20 Å"],
    ["A denoised", "8.00", "2.00"],
    ["C denoised", "8.00", "2.00"],
  ]);
  expect(second!.split("\n").map((row) => row.split(/ {2,}/))).toEqual([
    ["power at", "40 Å", "10 Å"],
    ["B denoised", "8.00", "2.00"],
  ]);
});
