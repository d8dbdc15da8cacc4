/** Spectra and grey values of a data set's tomograms, after the normalisation that networks are given them in. */
import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "../../present/charts/render.js";
import { alignedTable, decimals } from "../../present/text.js";
import type { Reporter } from "../../system/reporter.js";
import type { Dataset, Run, TomogramRef } from "../model.js";
import { withBlank } from "../normalisation.js";
import { measureVolume, normalise } from "../normalise.js";
import { readRunPicks } from "../picks.js";
import {
  type GreyValues,
  measureGreyValues,
  measureParticleContrast,
  type ParticleContrast,
} from "../spectrum/greyValues.js";
import { frequenciesOf, measureSpectrum, type Spectrum, sectorEdges } from "../spectrum/spectrum.js";
import { openTomogram } from "../tomograms/omeZarr.js";

/** What was measured of a tomogram's finest level. */
export interface TomogramSpectrum {
  readonly run: string;
  readonly tomogram: string;
  /** Frequency of each shell in 1/Å. */
  readonly frequencies: readonly number[];
  readonly power: Spectrum["power"];
  /** Ends in degrees of the sectors of the angle between a frequency and the x–y plane, and their powers by shell. */
  readonly sectorEdges: readonly number[];
  readonly sectors: Spectrum["sectors"];
  /** Median and scale of the stored values, which the normalisation takes out. */
  readonly stored: { readonly median: number; readonly scale: number };
  readonly values: GreyValues;
  readonly particles: readonly ParticleContrast[];
}

/** Measures all tomograms, one in memory at a time. @throws PickbenchError where one cannot be read */
export async function measureSpectra(
  dataset: Dataset,
  reporter: Reporter,
  nan?: "blank" | undefined,
): Promise<TomogramSpectrum[]> {
  const work = dataset.runs.flatMap((run) => run.tomograms.map((ref) => ({ run, ref })));
  const progress = reporter.progress("measuring spectra", work.length, "tomograms");
  const measured: TomogramSpectrum[] = [];
  try {
    for (const { run, ref } of work) {
      measured.push(await measureTomogram(dataset, run, ref, nan));
      progress.update(measured.length, run.name);
    }
  } finally {
    progress.stop();
  }
  return measured;
}

async function measureTomogram(
  dataset: Dataset,
  { name: run }: Run,
  ref: TomogramRef,
  nan: "blank" | undefined,
): Promise<TomogramSpectrum> {
  const reader = await openTomogram({ ...ref, nan }, 0, dataset.access);
  const volume = withBlank(await reader.readAll(), nan === "blank");
  const intensity = measureVolume(volume, reader);
  normalise(volume.data, intensity, volume.blank);
  const spectrum = measureSpectrum(volume);
  return {
    run,
    tomogram: ref.tomoType,
    frequencies: frequenciesOf(spectrum),
    power: spectrum.power,
    sectorEdges,
    sectors: spectrum.sectors,
    stored: { median: intensity.median, scale: intensity.scale },
    values: measureGreyValues(volume),
    particles: measureParticleContrast(volume, await readRunPicks(dataset, run), dataset.particles),
  };
}

/** Shells that a table shows: one in four. */
const shown = (_: unknown, shell: number): boolean => shell % 4 === 3 || shell === 0;

const name = ({ run, tomogram }: TomogramSpectrum): string => `${run} ${tomogram}`;

/** Tabulates powers, the tomograms of each voxel spacing under lengths of their own. */
function powerBlocks(all: readonly TomogramSpectrum[]): string[][][] {
  const headOf = ({ frequencies }: TomogramSpectrum) => [
    "power at",
    ...frequencies.filter(shown).map((frequency) => `${(1 / frequency).toFixed(0)} Å`),
  ];
  const heads = [...new Map(all.map((each) => [headOf(each).join(), headOf(each)])).values()];
  return heads.map((head) => [
    head,
    ...all
      .filter((each) => headOf(each).join() === head.join())
      .map((each) => [name(each), ...each.power.filter(shown).map((power) => power.toPrecision(3))]),
  ]);
}

/** Tabulates spectra: powers, distribution of grey values, and particles' contrast. */
export function spectraText(all: readonly TomogramSpectrum[]): string {
  const types = [...new Set(all.flatMap(({ particles }) => particles.map(({ type }) => type)))];
  const blocks = [
    ...powerBlocks(all),
    [
      ["grey values", "mean", "deviation", "skewness", "kurtosis"],
      ...all.map((each) => {
        const { mean, deviation, skewness, kurtosis } = each.values;
        return [name(each), ...[mean, deviation, skewness, kurtosis].map((value) => decimals(value, 3))];
      }),
    ],
    [
      ["contrast", ...types],
      ...all.map((each) => [
        name(each),
        ...types.map((type) => decimals(each.particles.find((one) => one.type === type)?.contrast, 2)),
      ]),
    ],
  ];
  return blocks
    .filter(([head]) => head!.length > 1)
    .map(alignedTable)
    .join("\n\n");
}

/** Plots power against frequency, a line a tomogram, as SVG. */
export function spectraPlot(all: readonly TomogramSpectrum[]): Promise<string> {
  const values = all.flatMap(({ run, tomogram, frequencies, power }) =>
    frequencies.map((frequency, shell) => ({
      ...{ frequency, power: power[shell], run, tomogram },
      width: frequencies[0],
    })),
  );
  const spec: TopLevelSpec = {
    width: 420,
    height: 280,
    background: "white",
    data: { values },
    mark: { type: "line", strokeWidth: 1 },
    encoding: {
      x: { field: "frequency", type: "quantitative", title: "frequency in 1/Å" },
      y: { field: "power", type: "quantitative", title: "power", scale: { type: "log" } },
      color: { field: "run", type: "nominal", title: "run" },
      strokeDash: { field: "tomogram", type: "nominal", title: "tomogram" },
      detail: { field: "width", type: "nominal" },
    },
  };
  return renderSvg(spec);
}
