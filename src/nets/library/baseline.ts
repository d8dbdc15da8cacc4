/** Architectures `baseline` and `baseline-residual`: the challenge organisers' U-Net of MONAI, in two variants. */
import type { Architecture } from "../architecture.js";
import { cube } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const channels = [48, 64, 80, 80] as const;

/** Options in which the baseline and its residual variant differ. */
interface Variant {
  /** Count of convolutions in each residual unit of the encoder. */
  readonly units: number;
  readonly dropout: number;
}

const normAct = (g: GraphBuilder, x: Value, name: string, dropout: number): Value =>
  g.prelu(g.dropout(g.instanceNorm(x, `${name}.0`), `${name}.dropout`, dropout), `${name}.1`);

/** Builds convolutions with norm and PReLU beside a shortcut, which is a convolution only where shapes differ. */
function residual(
  g: GraphBuilder,
  x: Value,
  name: string,
  out: number,
  { units, dropout }: Variant,
  stride: 1 | 2 = 1,
): Value {
  let main = x;
  for (let unit = 0; unit < units; unit++) {
    const step = cube(unit === 0 ? stride : 1);
    const linear = g.convolution(main, `${name}.main.${2 * unit}`, out, { stride: step });
    main = normAct(g, linear, `${name}.main.${2 * unit + 1}`, dropout);
  }
  if (stride === 1 && x.channels === out) return g.add(main, x);
  const kernel = cube(stride === 1 ? 1 : 3);
  return g.add(main, g.convolution(x, `${name}.side`, out, { stride: cube(stride), kernel }));
}

const grown = (g: GraphBuilder, x: Value, name: string, out: number, stride: 1 | 2, dropout: number): Value =>
  normAct(
    g,
    g.transposedConvolution(x, `${name}.grow.0`, out, { stride: cube(stride) }),
    `${name}.grow.1`,
    dropout,
  );

/** Builds MONAI's U-Net of the challenge; with a last stride of 1 its logits stay at half the resolution. */
function organisersUnet(
  g: GraphBuilder,
  x: Value,
  outputs: number,
  variant: Variant,
  lastStride: 1 | 2,
): Value {
  const single = { ...variant, units: 1 };
  const up = (from: Value, name: string, out: number, stride: 1 | 2) =>
    residual(g, grown(g, from, name, out, stride, variant.dropout), `${name}.unit`, out, single);
  const a = residual(g, x, "down.0", channels[0], variant, 2);
  const b = residual(g, a, "down.1", channels[1], variant, 2);
  const c = residual(g, b, "down.2", channels[2], variant);
  const bottom = residual(g, c, "bottom", channels[3], variant);
  const first = up(g.concat(c, bottom), "up.0", channels[1], 1);
  const second = up(g.concat(b, first), "up.1", channels[0], 2);
  const top = grown(g, g.concat(a, second), "up.2", outputs, lastStride, variant.dropout);
  return g.add(g.convolution(top, "up.2.unit.main", outputs), top);
}

/** Returns the builders of a variant of the organisers' U-Net. */
const organisersBuild = (variant: Variant): Pick<Architecture, "build" | "buildHalf"> => ({
  build: (g, x, outputs) => organisersUnet(g, x, outputs, variant, 2),
  buildHalf: (g, x, outputs) => organisersUnet(g, x, outputs, variant, 1),
});

/** The challenge organisers' U-Net: 1,119,986 parameters with 7 outputs. */
export const baseline: Architecture = {
  name: "baseline",
  description: "the challenge organisers' U-Net: residual units, instance norm, PReLU, strided convolutions",
  source: "MONAI UNet with channels 48/64/80/80, strides 2/2/1, one residual unit (CZII challenge baseline)",
  ...organisersBuild({ units: 1, dropout: 0 }),
};

/** The organisers' U-Net with two convolutions a unit and dropout: norm, dropout, activation, as in MONAI. */
export const baselineResidual: Architecture = {
  name: "baseline-residual",
  description: "the challenge organisers' U-Net with two convolutions in each residual unit and dropout 0.3",
  source: "MONAI UNet with channels 48/64/80/80, strides 2/2/1, two residual units, dropout 0.3",
  ...organisersBuild({ units: 2, dropout: 0.3 }),
};
