/**
 * Fourier transforms of lengths 2^a·3^b·5^c, in place, over flat z,y,x arrays.
 *
 * The form is Stockham's autosort with decimation in frequency: a pass of radix r takes x[q + s(p + mk)] to
 * y[q + s(rp + j)] and multiplies the stride s by r. Beginning with s = the number of columns computes that many
 * transforms at once, so that every inner loop runs over adjacent numbers with one twiddle factor.
 */
import { PickbenchError } from "../system/errors.js";
import type { Shape3 } from "./volume.js";

/** Columns that are transformed together: two scratch pairs of 640 × 8 doubles stay inside a level-2 cache. */
const columns = 8;

interface Pass {
  readonly radix: 2 | 3 | 4 | 5;
  /** Twiddle factors cos (here) and −sin (`sine`) of 2πpj/L, for p = 0…L/r − 1 and j = 1…r − 1. */
  readonly cosine: Float64Array;
  readonly sine: Float64Array;
}

interface Scratch {
  re: Float64Array;
  im: Float64Array;
}

/** Returns the least length ≥ n that has only the prime factors 2, 3 and 5. */
export function fastLength(n: number): number {
  for (let length = Math.max(1, Math.ceil(n)); ; length++) if (rest(length) === 1) return length;
}

/** Returns the frequency of each entry of a transformed axis in 1/Å, Nyquist's as positive. @param spacing Å per voxel */
export const axisFrequencies = (size: number, spacing: number): Float64Array =>
  Float64Array.from(
    { length: size },
    (_, index) => (index <= size / 2 ? index : index - size) / (size * spacing),
  );

function rest(length: number): number {
  let left = length;
  for (const prime of [2, 3, 5]) while (left % prime === 0) left /= prime;
  return left;
}

function planPasses(length: number): Pass[] {
  if (!Number.isInteger(length) || length < 1 || rest(length) !== 1) {
    throw new PickbenchError(
      "Unsupported",
      `a Fourier transform of length ${length} was asked for, but only products of 2, 3 and 5 are supported: pad to fastLength(${length})`,
    );
  }
  const passes: Pass[] = [];
  for (let left = length; left > 1; ) {
    const radix = left % 4 === 0 ? 4 : left % 2 === 0 ? 2 : left % 3 === 0 ? 3 : 5;
    const count = left / radix;
    const cosine = new Float64Array(count * (radix - 1));
    const sine = new Float64Array(count * (radix - 1));
    for (let p = 0; p < count; p++) {
      for (let j = 1; j < radix; j++) {
        const angle = (2 * Math.PI * ((p * j) % left)) / left;
        cosine[p * (radix - 1) + j - 1] = Math.cos(angle);
        sine[p * (radix - 1) + j - 1] = -Math.sin(angle);
      }
    }
    passes.push({ radix, cosine, sine });
    left = count;
  }
  return passes;
}

function pass2(pass: Pass, from: Scratch, to: Scratch, count: number, stride: number): void {
  const { re, im } = from;
  const { re: outRe, im: outIm } = to;
  for (let p = 0; p < count; p++) {
    const c = pass.cosine[p]!;
    const s = pass.sine[p]!;
    const in0 = stride * p;
    const in1 = in0 + stride * count;
    const out = stride * 2 * p;
    for (let q = 0; q < stride; q++) {
      const ar = re[in0 + q]!;
      const ai = im[in0 + q]!;
      const br = re[in1 + q]!;
      const bi = im[in1 + q]!;
      outRe[out + q] = ar + br;
      outIm[out + q] = ai + bi;
      const dr = ar - br;
      const di = ai - bi;
      outRe[out + stride + q] = dr * c - di * s;
      outIm[out + stride + q] = dr * s + di * c;
    }
  }
}

function pass3(pass: Pass, from: Scratch, to: Scratch, count: number, stride: number): void {
  const { re, im } = from;
  const { re: outRe, im: outIm } = to;
  const half = Math.sqrt(3) / 2;
  for (let p = 0; p < count; p++) {
    const c1 = pass.cosine[2 * p]!;
    const s1 = pass.sine[2 * p]!;
    const c2 = pass.cosine[2 * p + 1]!;
    const s2 = pass.sine[2 * p + 1]!;
    const in0 = stride * p;
    const in1 = in0 + stride * count;
    const in2 = in1 + stride * count;
    const out = stride * 3 * p;
    for (let q = 0; q < stride; q++) {
      const ar = re[in0 + q]!;
      const ai = im[in0 + q]!;
      const sr = re[in1 + q]! + re[in2 + q]!;
      const si = im[in1 + q]! + im[in2 + q]!;
      const dr = half * (im[in1 + q]! - im[in2 + q]!);
      const di = -half * (re[in1 + q]! - re[in2 + q]!);
      outRe[out + q] = ar + sr;
      outIm[out + q] = ai + si;
      const mr = ar - 0.5 * sr;
      const mi = ai - 0.5 * si;
      const ur = mr + dr;
      const ui = mi + di;
      const vr = mr - dr;
      const vi = mi - di;
      outRe[out + stride + q] = ur * c1 - ui * s1;
      outIm[out + stride + q] = ur * s1 + ui * c1;
      outRe[out + 2 * stride + q] = vr * c2 - vi * s2;
      outIm[out + 2 * stride + q] = vr * s2 + vi * c2;
    }
  }
}

function pass4(pass: Pass, from: Scratch, to: Scratch, count: number, stride: number): void {
  const { re, im } = from;
  const { re: outRe, im: outIm } = to;
  for (let p = 0; p < count; p++) {
    const c1 = pass.cosine[3 * p]!;
    const s1 = pass.sine[3 * p]!;
    const c2 = pass.cosine[3 * p + 1]!;
    const s2 = pass.sine[3 * p + 1]!;
    const c3 = pass.cosine[3 * p + 2]!;
    const s3 = pass.sine[3 * p + 2]!;
    const in0 = stride * p;
    const in1 = in0 + stride * count;
    const in2 = in1 + stride * count;
    const in3 = in2 + stride * count;
    const out = stride * 4 * p;
    for (let q = 0; q < stride; q++) {
      const ar = re[in0 + q]! + re[in2 + q]!;
      const ai = im[in0 + q]! + im[in2 + q]!;
      const br = re[in0 + q]! - re[in2 + q]!;
      const bi = im[in0 + q]! - im[in2 + q]!;
      const cr = re[in1 + q]! + re[in3 + q]!;
      const ci = im[in1 + q]! + im[in3 + q]!;
      const dr = im[in1 + q]! - im[in3 + q]!;
      const di = re[in3 + q]! - re[in1 + q]!;
      outRe[out + q] = ar + cr;
      outIm[out + q] = ai + ci;
      const ur = br + dr;
      const ui = bi + di;
      outRe[out + stride + q] = ur * c1 - ui * s1;
      outIm[out + stride + q] = ur * s1 + ui * c1;
      const vr = ar - cr;
      const vi = ai - ci;
      outRe[out + 2 * stride + q] = vr * c2 - vi * s2;
      outIm[out + 2 * stride + q] = vr * s2 + vi * c2;
      const wr = br - dr;
      const wi = bi - di;
      outRe[out + 3 * stride + q] = wr * c3 - wi * s3;
      outIm[out + 3 * stride + q] = wr * s3 + wi * c3;
    }
  }
}

function pass5(pass: Pass, from: Scratch, to: Scratch, count: number, stride: number): void {
  const { re, im } = from;
  const { re: outRe, im: outIm } = to;
  const cosA = Math.cos((2 * Math.PI) / 5);
  const cosB = Math.cos((4 * Math.PI) / 5);
  const sinA = Math.sin((2 * Math.PI) / 5);
  const sinB = Math.sin((4 * Math.PI) / 5);
  const step = stride * count;
  for (let p = 0; p < count; p++) {
    const c1 = pass.cosine[4 * p]!;
    const s1 = pass.sine[4 * p]!;
    const c2 = pass.cosine[4 * p + 1]!;
    const s2 = pass.sine[4 * p + 1]!;
    const c3 = pass.cosine[4 * p + 2]!;
    const s3 = pass.sine[4 * p + 2]!;
    const c4 = pass.cosine[4 * p + 3]!;
    const s4 = pass.sine[4 * p + 3]!;
    const base = stride * p;
    const out = stride * 5 * p;
    for (let q = 0; q < stride; q++) {
      const at = base + q;
      const ar = re[at]!;
      const ai = im[at]!;
      const sr1 = re[at + step]! + re[at + 4 * step]!;
      const si1 = im[at + step]! + im[at + 4 * step]!;
      const dr1 = im[at + step]! - im[at + 4 * step]!;
      const di1 = re[at + 4 * step]! - re[at + step]!;
      const sr2 = re[at + 2 * step]! + re[at + 3 * step]!;
      const si2 = im[at + 2 * step]! + im[at + 3 * step]!;
      const dr2 = im[at + 2 * step]! - im[at + 3 * step]!;
      const di2 = re[at + 3 * step]! - re[at + 2 * step]!;
      outRe[out + q] = ar + sr1 + sr2;
      outIm[out + q] = ai + si1 + si2;
      const mr1 = ar + cosA * sr1 + cosB * sr2;
      const mi1 = ai + cosA * si1 + cosB * si2;
      const mr2 = ar + cosB * sr1 + cosA * sr2;
      const mi2 = ai + cosB * si1 + cosA * si2;
      const nr1 = sinA * dr1 + sinB * dr2;
      const ni1 = sinA * di1 + sinB * di2;
      const nr2 = sinB * dr1 - sinA * dr2;
      const ni2 = sinB * di1 - sinA * di2;
      outRe[out + stride + q] = (mr1 + nr1) * c1 - (mi1 + ni1) * s1;
      outIm[out + stride + q] = (mr1 + nr1) * s1 + (mi1 + ni1) * c1;
      outRe[out + 2 * stride + q] = (mr2 + nr2) * c2 - (mi2 + ni2) * s2;
      outIm[out + 2 * stride + q] = (mr2 + nr2) * s2 + (mi2 + ni2) * c2;
      outRe[out + 3 * stride + q] = (mr2 - nr2) * c3 - (mi2 - ni2) * s3;
      outIm[out + 3 * stride + q] = (mr2 - nr2) * s3 + (mi2 - ni2) * c3;
      outRe[out + 4 * stride + q] = (mr1 - nr1) * c4 - (mi1 - ni1) * s4;
      outIm[out + 4 * stride + q] = (mr1 - nr1) * s4 + (mi1 - ni1) * c4;
    }
  }
}

const runPass = { 2: pass2, 3: pass3, 4: pass4, 5: pass5 } as const;

/** Transforms `length` × `columns` numbers; returns the scratch that holds the result. */
function transformColumns(passes: readonly Pass[], length: number, from: Scratch, to: Scratch): Scratch {
  let source = from;
  let target = to;
  let left = length;
  let stride = columns;
  for (const pass of passes) {
    left /= pass.radix;
    runPass[pass.radix](pass, source, target, left, stride);
    stride *= pass.radix;
    [source, target] = [target, source];
  }
  return source;
}

/** The lines along one axis: `groups` groups `groupStride` apart, each of `lines` lines `lineStride` apart. */
interface Lines {
  readonly length: number;
  readonly step: number;
  readonly groups: number;
  readonly groupStride: number;
  readonly lines: number;
  readonly lineStride: number;
}

function transformAxis(re: Float32Array, im: Float32Array, axis: Lines): void {
  const passes = planPasses(axis.length);
  const size = axis.length * columns;
  const front: Scratch = { re: new Float64Array(size), im: new Float64Array(size) };
  const back: Scratch = { re: new Float64Array(size), im: new Float64Array(size) };
  for (let group = 0; group < axis.groups; group++) {
    for (let first = 0; first < axis.lines; first += columns) {
      const width = Math.min(columns, axis.lines - first);
      const base = group * axis.groupStride + first * axis.lineStride;
      for (let i = 0; i < axis.length; i++) {
        for (let c = 0; c < width; c++) {
          const at = base + i * axis.step + c * axis.lineStride;
          front.re[i * columns + c] = re[at]!;
          front.im[i * columns + c] = im[at]!;
        }
      }
      const done = transformColumns(passes, axis.length, front, back);
      for (let i = 0; i < axis.length; i++) {
        for (let c = 0; c < width; c++) {
          const at = base + i * axis.step + c * axis.lineStride;
          re[at] = done.re[i * columns + c]!;
          im[at] = done.im[i * columns + c]!;
        }
      }
    }
  }
}

/**
 * Transforms a complex volume (z, y, x) in place, forwards and unscaled: F(k) = Σ f(r)·exp(−2πi k·r/n). With `re` and `im`
 * swapped it is the inverse, without the factor 1/(nz·ny·nx).
 *
 * @throws PickbenchError Unsupported where a size has other prime factors than 2, 3 and 5
 */
export function fourierTransform(re: Float32Array, im: Float32Array, [nz, ny, nx]: Shape3): void {
  const plane = ny * nx;
  transformAxis(re, im, {
    length: nx,
    step: 1,
    groups: 1,
    groupStride: 0,
    lines: nz * ny,
    lineStride: nx,
  });
  transformAxis(re, im, {
    length: ny,
    step: nx,
    groups: nz,
    groupStride: plane,
    lines: nx,
    lineStride: 1,
  });
  transformAxis(re, im, {
    length: nz,
    step: plane,
    groups: ny,
    groupStride: nx,
    lines: nx,
    lineStride: 1,
  });
}
