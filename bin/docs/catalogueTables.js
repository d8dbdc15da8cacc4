// Tables in Markdown of what the program's catalogues hold: architectures, parts of bench, particle types.
import { markdownTable } from "./markdownTable.js";

const edge = 64;

/** Table of the architectures with one output channel, and what they cost at a patch of 64³. */
export function architectureTable(architectures, { buildNetwork, networkCost, receptiveField }) {
  const rows = architectures.map((architecture) => {
    const network = buildNetwork(architecture, { outputs: 1, slices: 1 });
    const { gflop, predictMiB, trainMiB } = networkCost(network, [edge, edge, edge]);
    return [
      `\`${architecture.name}\``,
      network.parameterCount.toLocaleString("en"),
      gflop.toFixed(1),
      `${predictMiB.toFixed(0)}, ${trainMiB.toFixed(0)}`,
      receptiveField(network).join("×"),
    ];
  });
  const header = [
    "name",
    "parameters",
    `GFLOP, ${edge}³`,
    `MiB, ${edge}³: predicting, training`,
    "receptive field z×y×x",
  ];
  return markdownTable(header, rows, ["---", "--:", "--:", "--:", "---"]);
}

/** Table of the parts of `bench`. */
export function benchParts(parts) {
  const rows = Object.entries(parts).map(([name, { describe }]) => [`\`${name}\``, describe]);
  return markdownTable(["part", "measures"], rows);
}

/** Table of the challenge's particle types. */
export function particleTypes(particles, matchFraction) {
  const rows = particles.map(({ name, radius, weight }) => [
    name,
    String(radius),
    String(radius * matchFraction),
    String(weight),
  ]);
  const header = ["type", "radius, Å", "match distance, Å", "weight"];
  return markdownTable(header, rows, ["---", "--:", "--:", "--:"]);
}

/** Table of the greatest sizes that are read. */
export function limitTable(limits) {
  const rows = Object.values(limits).map(({ of, most, unit }) => [
    of,
    `${most.toLocaleString("en-US")} ${unit}`,
  ]);
  return markdownTable(["what", "at most"], rows, ["---", "--:"]);
}
