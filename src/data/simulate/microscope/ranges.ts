/** What the microscope draws anew for every tomogram, and how widely. */
import { z } from "zod";
import type { Random } from "../../../domain/random.js";
import { eachOnce } from "../../../system/unique.js";
import { drawFrom, drawnRange, drawOne } from "../range.js";
import { simulationRanges } from "../ranges.js";
import { type Denoiser, denoiserKinds } from "./denoisers.js";
import type { Imaging } from "./spectrum.js";
import { drawTilts, type TiltScheme, tiltOrders } from "./tilts.js";

const optics = z
  .strictObject({
    defocus: drawnRange(1000, 200_000).default([15_000, 60_000]).describe("underfocus, Å"),
    amplitudeContrast: drawnRange(0, 1).default([0.05, 0.15]).describe("share of amplitude contrast"),
    bFactor: drawnRange(0, 20_000)
      .default([100, 1500])
      .describe("Å²; exp(−B·s²/4) is what drift and interpolation leave of a frequency s"),
    phaseFlip: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe(
        "share of the tomograms whose images had their phases flipped; the others keep contrast transfer's negative lobes",
      ),
  })
  .prefault({});

const tilts = z
  .strictObject({
    lowest: drawnRange(-80, -10).default([-66, -40]).describe("last tilt to the negative side, degrees"),
    highest: drawnRange(10, 80).default([40, 66]).describe("last tilt to the positive side, degrees"),
    step: drawnRange(0.5, 10).default([1.5, 4]).describe("degrees from one tilt to the next"),
    order: z
      .array(z.enum(tiltOrders))
      .min(1)
      .refine(...eachOnce)
      .default([...tiltOrders])
      .describe(
        "orders of exposure to draw from: from 0° outwards on both sides in turn, from 0° to one end and then to the other, or from end to end",
      ),
    dose: drawnRange(1, 500).default([60, 180]).describe("dose of the whole series, e/Å²"),
    misalignment: drawnRange(0, 200)
      .default([0, 10])
      .describe("standard deviation of each tilt's shift along either axis, Å"),
    angleError: drawnRange(0, 5)
      .default([0, 0.5])
      .describe("standard deviation of each tilt's error of angle, degrees"),
    defocusError: drawnRange(0, 20_000)
      .default([0, 2000])
      .describe("standard deviation of each tilt's defocus about the series', Å"),
  })
  .prefault({});

const { noise: amounts } = simulationRanges;

const noise = z
  .strictObject({
    amount: drawnRange(amounts.least, amounts.greatest)
      .default([1, 3])
      .describe(
        "amplitude relative to the shot noise of the dose; 0: none. The flag `--noise` goes before it",
      ),
    bFactor: drawnRange(0, 20_000)
      .default([0, 2000])
      .describe("Å², of the interpolation that noise goes through"),
    unevenness: drawnRange(0, 20)
      .default([0, 2])
      .describe("what uneven ice and illumination add at great lengths, relative to the rest"),
    unevenLength: drawnRange(20, 5000).default([200, 800]).describe("length above which they do, Å"),
  })
  .prefault({});

const denoiser = z
  .strictObject({
    kinds: z
      .array(z.enum(denoiserKinds))
      .min(1)
      .refine(...eachOnce)
      .default(["gaussian", "median", "wiener"])
      .describe("denoisers to draw from; median is that of 3 × 3 × 3 voxels"),
    sigma: drawnRange(0, 200).default([6, 15]).describe("standard deviation of `gaussian`, Å"),
    cut: drawnRange(1, 500).default([20, 60]).describe("length at which `wiener` leaves half, Å"),
    lift: drawnRange(0, 20)
      .default([0, 2])
      .describe("what `wiener` adds at great lengths, which contrast transfer left faint"),
    liftLength: drawnRange(20, 5000).default([80, 300]).describe("length above which it does, Å"),
  })
  .prefault({});

/** Keys of a ranges file that are of the microscope. */
export const microscopeKeys = { optics, tilts, noise, denoiser };

const microscopeSchema = z.strictObject(microscopeKeys);
export type MicroscopeRanges = z.output<typeof microscopeSchema>;

/** How one tomogram is imaged, and the scheme of its tilts. */
export type DrawnImaging = Imaging & TiltScheme;

/** Draws how one tomogram is imaged: a Krios' 300 kV and 2.7 mm of spherical aberration, and all else from ranges. */
export function drawImaging(ranges: MicroscopeRanges, thickness: number, random: Random): DrawnImaging {
  const { optics, tilts, noise } = ranges;
  const draw = (range: Parameters<typeof drawFrom>[0]) => drawFrom(range, random);
  const scheme: TiltScheme = {
    lowest: draw(tilts.lowest),
    highest: draw(tilts.highest),
    step: draw(tilts.step),
    order: drawOne(tilts.order, random),
    dose: draw(tilts.dose),
    misalignment: draw(tilts.misalignment),
    angleError: draw(tilts.angleError),
    defocusError: draw(tilts.defocusError),
  };
  const drawn = {
    optics: {
      voltage: 300,
      sphericalAberration: 2.7e7,
      defocus: draw(optics.defocus),
      amplitudeContrast: draw(optics.amplitudeContrast),
      bFactor: draw(optics.bFactor),
      phaseFlipped: random.uniform() < optics.phaseFlip,
    },
    noise: {
      amount: draw(noise.amount),
      bFactor: draw(noise.bFactor),
      unevenness: draw(noise.unevenness),
      unevenLength: draw(noise.unevenLength),
    },
    denoiser: drawDenoiser(ranges.denoiser, random),
  };
  return { ...scheme, thickness, ...drawn, tilts: drawTilts(scheme, random) };
}

function drawDenoiser(ranges: MicroscopeRanges["denoiser"], random: Random): Denoiser {
  const kind = drawOne(ranges.kinds, random);
  const sigma = drawFrom(ranges.sigma, random);
  const cut = drawFrom(ranges.cut, random);
  const lift = drawFrom(ranges.lift, random);
  const liftLength = drawFrom(ranges.liftLength, random);
  if (kind === "gaussian") return { kind, sigma };
  return kind === "wiener" ? { kind, cut, lift, liftLength } : { kind };
}
