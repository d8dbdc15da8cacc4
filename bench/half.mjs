// Half precision on the CPU: a convolution and a matrix product in float32, float16 and bfloat16, one thread.
//
//   node bench/half.mjs
//
// Needs dist/ (npm run build). Inputs and outputs are float32, so that float16 has its casts.
import { median, quartiles, timeOf } from "../dist/bench/medians.js";
import { Emitter, int, ints } from "../dist/engines/onnx/graph/emitter.js";
import { openSession } from "../dist/engines/onnx/session.js";

const kinds = { float32: 1, float16: 10, bfloat16: 16 };
const works = {
  Conv: [
    [32, 48, 32, 32],
    [48, 48, 3, 3],
  ],
  MatMul: [
    [1024, 1024],
    [1024, 1024],
  ],
};
const attributes = [ints("kernel_shape", [3, 3]), ints("pads", [1, 1, 1, 1])];

async function timed(work, kind) {
  const e = new Emitter();
  const cast = (tensor, to) => e.op("Cast", [tensor], tensor.dims, [int("to", to)]);
  const inputs = works[work].map((dims, at) => e.input(`input${at}`, dims));
  const operands = kind === 1 ? inputs : inputs.map((input) => cast(input, kind));
  const result = e.op(work, operands, works[work][0], work === "Conv" ? attributes : []);
  e.output("output", kind === 1 ? result : cast(result, 1));
  const session = await openSession(e.parts(), { threads: 1 });
  const wave = (dims) => Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => Math.sin(i));
  const feeds = Object.fromEntries(inputs.map(({ name, dims }) => [name, { data: wave(dims), dims }]));
  const times = [];
  for (let run = 0; run < 11; run++) times.push(await timeOf(() => session.run(feeds)));
  await session.release();
  const [q1, q3] = quartiles(times);
  return `${median(times).toFixed(1)} ms (${q1.toFixed(1)} to ${q3.toFixed(1)})`;
}

for (const work of Object.keys(works))
  for (const [name, kind] of Object.entries(kinds)) {
    const text = await timed(work, kind).catch((error) => `refused: ${error.message}`);
    console.log(`${work} in ${name}: ${text}`);
  }
