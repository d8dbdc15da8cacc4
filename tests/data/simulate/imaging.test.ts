import { describe, expect, it } from "vitest";
import {
  contrastTransfer,
  emptyField,
  envelope,
  type Imaging,
  image,
  tiltTransfer,
} from "../../../src/data/simulate/imaging.js";
import { fourierTransform } from "../../../src/domain/fourier.js";
import { randomFor } from "../../../src/domain/random.js";

const imaging: Imaging = {
  optics: {
    voltage: 300,
    defocus: 30000,
    sphericalAberration: 2.7e7,
    amplitudeContrast: 0.1,
    phaseFlipped: true,
    bFactor: 800,
  },
  tilts: { maximum: 60, thickness: 1200 },
  noise: 1,
};

const frequency = (index: number, size: number) => (index <= size / 2 ? index : index - size) / (size * 10);

/** Amplitude² of a real field inside and outside the tilt range, summed. */
function powers(values: Float32Array, [nz, ny, nx]: readonly [number, number, number]) {
  const re = values.slice();
  const im = new Float32Array(re.length);
  fourierTransform(re, im, [nz, ny, nx]);
  let held = 0;
  let missing = 0;
  for (let i = 0; i < re.length; i++) {
    const power = re[i]! ** 2 + im[i]! ** 2;
    const [kz, kx] = [frequency(Math.floor(i / (ny * nx)), nz), frequency(i % nx, nx)];
    if (Math.abs(kz) > Math.abs(kx) * Math.tan(Math.PI / 3) * 1.0001) missing += power;
    else held += power;
  }
  return { held, missing };
}

describe("image", () => {
  it("leaves the missing wedge empty in both reconstructions, noise and all", () => {
    const field = emptyField([28, 22, 37], 10);
    const random = randomFor(3, "imaging test");
    for (let i = 0; i < field.density.length; i++) field.density[i] = random.uniform();
    const denoised = image(field, imaging, random);
    for (const values of [field.density, denoised]) {
      const { held, missing } = powers(values, field.shape);
      expect(held).toBeGreaterThan(0);
      expect(missing / held).toBeLessThan(1e-10);
    }
  });

  it("without noise, gives every frequency of the density minus transfer × envelope × wedge, dark where it is dense", () => {
    const field = emptyField([28, 22, 37], 10);
    const random = randomFor(4, "imaging test");
    for (let i = 0; i < field.density.length; i++) field.density[i] = random.normal();
    const [nz, ny, nx] = field.shape;
    const [inRe, inIm] = [field.density.slice(), new Float32Array(field.density.length)];
    fourierTransform(inRe, inIm, field.shape);
    image(field, { ...imaging, noise: 0 }, random);
    const [outRe, outIm] = [field.density.slice(), new Float32Array(field.density.length)];
    fourierTransform(outRe, outIm, field.shape);
    for (const [z, y, x] of [
      [1, 2, 3],
      [nz - 2, 5, 9],
      [0, ny - 1, nx - 7],
      [3, 0, Math.floor(nx / 2)],
    ] as const) {
      const at = (z * ny + y) * nx + x;
      const [kz, ky, kx] = [frequency(z, nz), frequency(y, ny), frequency(x, nx)];
      const s = Math.hypot(kx, ky, kz);
      const transfer =
        -contrastTransfer(s, imaging.optics) * envelope(s, 800) * tiltTransfer(kx, ky, kz, imaging.tilts);
      const scale = Math.hypot(inRe[at]!, inIm[at]!);
      expect(Math.abs(outRe[at]! - transfer * inRe[at]!) / scale).toBeLessThan(2e-3);
      expect(Math.abs(outIm[at]! - transfer * inIm[at]!) / scale).toBeLessThan(2e-3);
    }
  });
});
