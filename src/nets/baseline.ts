import type { Architecture } from "./architecture.js";
import type { GraphBuilder } from "./graph.js";
import type { Value } from "./value.js";

const channels = [48, 64, 80, 80] as const;

const normAct = (g: GraphBuilder, x: Value, name: string): Value =>
  g.prelu(g.instanceNorm(x, `${name}.0`), `${name}.1`);

/** One residual unit: convolution (norm, PReLU unless last) beside a shortcut, a convolution only where shapes differ. */
function residual(
  g: GraphBuilder,
  x: Value,
  name: string,
  out: number,
  stride: 1 | 2 = 1,
  last = false,
): Value {
  const steps = [stride, stride, stride] as const;
  const main = last
    ? g.convolution(x, `${name}.main`, out, { stride: steps })
    : normAct(g, g.convolution(x, `${name}.main.0`, out, { stride: steps }), `${name}.main.1`);
  if (stride === 1 && x.channels === out) return g.add(main, x);
  const side = g.convolution(x, `${name}.side`, out, {
    stride: steps,
    kernel: stride === 1 ? [1, 1, 1] : [3, 3, 3],
  });
  return g.add(main, side);
}

function up(g: GraphBuilder, x: Value, name: string, out: number, stride: 1 | 2, last = false): Value {
  const grown = g.transposedConvolution(x, `${name}.grow.0`, out, { stride: [stride, stride, stride] });
  return residual(g, normAct(g, grown, `${name}.grow.1`), `${name}.unit`, out, 1, last);
}

/** The challenge organisers' U-Net: 1,119,986 parameters with 7 outputs. */
export const baseline: Architecture = {
  name: "baseline",
  description: "the challenge organisers' U-Net: residual units, instance norm, PReLU, strided convolutions",
  source: "MONAI UNet with channels 48/64/80/80, strides 2/2/1, one residual unit (CZII challenge baseline)",
  build(g, x, outputs) {
    const a = residual(g, x, "down.0", channels[0], 2);
    const b = residual(g, a, "down.1", channels[1], 2);
    const c = residual(g, b, "down.2", channels[2]);
    const bottom = residual(g, c, "bottom", channels[3]);
    const first = up(g, g.concat(c, bottom), "up.0", channels[1], 1);
    const second = up(g, g.concat(b, first), "up.1", channels[0], 2);
    return up(g, g.concat(a, second), "up.2", outputs, 2, true);
  },
};
