/** The spectrum of a density, turned into that of its reconstruction in place. */
import { axisFrequencies } from "../../../domain/fourier.js";
import type { Random } from "../../../domain/random.js";
import type { Field } from "../field.js";
import { type Denoiser, gainOf } from "./denoisers.js";
import {
  emptyReach,
  fillReach,
  type RadialTables,
  type Reach,
  radialTables,
  type Series,
  shiftPhases,
} from "./transfer.js";

/** How one tomogram is imaged. */
export interface Imaging extends Series {
  readonly denoiser: Denoiser;
}

/** Chance of an imaging. */
export interface ImagingChance {
  readonly noise: Random;
  /** Noise by which half sets differ; without it there are none. */
  readonly halves?: Random;
}

/**
 * Multiplies every frequency of a density by the transfer of its tilt series and adds noise; the mean becomes 0.
 *
 * @param field whose `density` is the real part of the spectrum, and afterwards that of A + iD, where A is the raw
 *   reconstruction and D the filtered one or, with half sets, their difference from A
 * @param im its imaginary part
 */
export function imageSpectrum(field: Field, im: Float32Array, imaging: Imaging, chance: ImagingChance): void {
  const { shape, spacing } = field;
  const [nz, ny, nx] = shape;
  const columns = Math.floor(nx / 2) + 1;
  const kxStep = 1 / (nx * spacing);
  const kzs = axisFrequencies(nz, spacing);
  const kys = axisFrequencies(ny, spacing);
  const tables = radialTables(imaging, (Math.sqrt(3) * 0.5) / spacing, spacing);
  const reach = emptyReach(columns, imaging.tilts.length);
  const pairs = new Pairs(field.density, im, { imaging, tables, reach, kys, chance });
  for (let z = 0; z < nz; z++) {
    const kz = kzs[z]!;
    fillReach(reach, imaging, kxStep, kz);
    for (let y = 0; y < ny; y++) {
      const across = kz * kz + kys[y]! * kys[y]!;
      const row = (z * ny + y) * nx;
      const mirrorRow = (((nz - z) % nz) * ny + ((ny - y) % ny)) * nx;
      pairs.row = y;
      for (let x = 0; x < columns; x++) {
        const at = row + x;
        const mirror = mirrorRow + ((nx - x) % nx);
        if (mirror < at && (x === 0 || 2 * x === nx)) continue;
        const length = Math.sqrt(across + x * kxStep * x * kxStep);
        pairs.image(at, mirror, x, Math.round(length * tables.perFrequency));
      }
    }
  }
  field.density[0] = 0;
  im[0] = 0;
}

/** What all pairs of frequencies share. */
interface Shared {
  readonly imaging: Imaging;
  readonly tables: RadialTables;
  /** Of the kz at hand. */
  readonly reach: Reach;
  readonly kys: Float64Array;
  readonly chance: ImagingChance;
}

/** Frequencies k and −k of a spectrum, imaged together. */
class Pairs {
  /** Number of the ky at hand. */
  row = 0;
  readonly #re: Float32Array;
  readonly #im: Float32Array;
  readonly #tables: RadialTables;
  readonly #reach: Reach;
  readonly #tilts: number;
  readonly #phases: ReturnType<typeof shiftPhases>;
  readonly #gain: Float32Array;
  readonly #noise: Random | undefined;
  readonly #halves: Random | undefined;
  readonly #inHalves: boolean;

  constructor(re: Float32Array, im: Float32Array, { imaging, tables, reach, kys, chance }: Shared) {
    this.#re = re;
    this.#im = im;
    this.#tables = tables;
    this.#reach = reach;
    this.#tilts = imaging.tilts.length;
    this.#phases = shiftPhases(imaging.tilts, kys);
    this.#gain = tables.noise.map((_, i) => gainOf(imaging.denoiser, i / tables.perFrequency));
    const isNoisy = imaging.noise.amount > 0;
    this.#noise = isNoisy ? chance.noise : undefined;
    this.#halves = isNoisy ? chance.halves : undefined;
    this.#inHalves = chance.halves !== undefined;
  }

  /** Images the frequency of column x, `step` of the tables long, and with it the opposite one. */
  image(at: number, mirror: number, x: number, step: number): void {
    const { start, tilt: tilts, re: shareRe, im: shareIm } = this.#reach;
    const { transfer, stride } = this.#tables;
    const phases = this.#phases;
    const from = this.row * this.#tilts;
    let [tr, ti, dr, di] = [0, 0, 0, 0];
    for (let i = start[x]!; i < start[x + 1]!; i++) {
      const tilt = tilts[i]!;
      const cosine = phases.re[from + tilt]!;
      const sine = phases.im[from + tilt]!;
      const height = transfer[tilt * stride + step]!;
      const re = height * (shareRe[i]! * cosine - shareIm[i]! * sine);
      const im = height * (shareRe[i]! * sine + shareIm[i]! * cosine);
      tr += re;
      ti += im;
      dr += tilt % 2 === 0 ? re : -re;
      di += tilt % 2 === 0 ? im : -im;
    }
    // A dense particle is dark.
    const sr = -this.#re[at]! / this.#re.length;
    const si = -this.#im[at]! / this.#re.length;
    const [nr, ni] = this.#drawn(this.#noise, x, step);
    const ar = tr * sr - ti * si + nr;
    const ai = tr * si + ti * sr + ni;
    if (!this.#inHalves) {
      const gain = this.#gain[step]!;
      this.#set(at, mirror, ar, ai, gain * ar, gain * ai);
      return;
    }
    const common = this.#reach.imbalance[x]!;
    const own = Math.sqrt(1 - common * common);
    const [or, oi] = this.#drawn(this.#halves, x, step);
    this.#set(
      at,
      mirror,
      ar,
      ai,
      dr * sr - di * si + common * nr + own * or,
      dr * si + di * sr + common * ni + own * oi,
    );
  }

  /** Draws a frequency of noise as strong as that of the reconstruction. */
  #drawn(random: Random | undefined, x: number, step: number): readonly [re: number, im: number] {
    const level = this.#reach.noise[x]!;
    if (random === undefined || level === 0) return silence;
    const amplitude = (level * this.#tables.noise[step]!) / Math.sqrt(2 * this.#re.length);
    return [amplitude * random.normal(), amplitude * random.normal()];
  }

  /** Sets A + iD at k and A* + iD* at −k; where the two are one, A and D are real. */
  #set(at: number, mirror: number, ar: number, ai: number, dr: number, di: number): void {
    if (at === mirror) {
      this.#re[at] = ar;
      this.#im[at] = dr;
      return;
    }
    this.#re[at] = ar - di;
    this.#im[at] = ai + dr;
    this.#re[mirror] = ar + di;
    this.#im[mirror] = dr - ai;
  }
}

const silence = [0, 0] as const;
