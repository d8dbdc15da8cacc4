/**
 * What Ais reports of its architectures on a Quadro P2200 (Last et al., eLife 2024, Table 1): another machine, other
 * data and another task, put beside ours so that the order of the times can be compared.
 */
export interface PublishedRow {
  readonly parameters: number;
  readonly trainSeconds: number;
  /** Milliseconds per slice of 511×720 pixels. */
  readonly sliceMs: number;
  /** Binary cross entropy on its validation images. */
  readonly loss: { readonly membrane: number; readonly carbon: number; readonly antibody: number };
}

const row = (
  parameters: number,
  trainSeconds: number,
  sliceMs: number,
  [membrane, carbon, antibody]: readonly [number, number, number],
): PublishedRow => ({ parameters, trainSeconds, sliceMs, loss: { membrane, carbon, antibody } });

export const aisTable: Readonly<Record<string, PublishedRow>> = {
  eman2: row(378_081, 38, 50, [0.044, 0.072, 0.01]),
  inceptionnet: row(550_529, 462, 295, [0.046, 0.12, 0.008]),
  unet: row(922_881, 132, 110, [0.013, 0.007, 0.001]),
  vggnet: row(1_493_059, 91, 85, [0.011, 0.125, 0.013]),
  resnet: row(4_887_265, 1533, 980, [0.047, 0.06, 0.014]),
  pix2pix: row(29_249_409, 793, 225, [0.05, 0.129, 0.016]),
};
