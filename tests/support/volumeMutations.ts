/** Random faults in volume files and metadata. */
import type { Random } from "../../src/domain/random.js";

/** Copies bytes with one to four faults: bytes changed, runs filled, cut out or inserted, or the end missing. */
export function mutated(bytes: Uint8Array, random: Random, firstBytes = bytes.length): Buffer {
  let copy = Buffer.from(bytes);
  for (let fault = 1 + random.integer(4); fault > 0; fault--) {
    const at = random.integer(Math.min(firstBytes, copy.length));
    const kind = random.integer(7);
    if (kind < 3) copy[at] = random.integer(256);
    else if (kind === 3)
      copy.fill(random.integer(2) * 255, at, Math.min(copy.length, at + 1 + random.integer(8)));
    else if (kind === 4 && at + 4 <= copy.length)
      copy.writeInt32LE(oddNumbers[random.integer(oddNumbers.length)]!, at & ~3);
    else if (kind === 5) copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + random.integer(40))]);
    else copy = copy.subarray(0, random.integer(copy.length + 1));
    if (copy.length === 0) return copy;
  }
  return copy;
}

const oddNumbers = [0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 10000, 100000, 65536, 3, 101, 401];

/** Copies a JSON value with one to three faults: values replaced, keys removed, lists grown or emptied. */
export function mutatedJson(value: unknown, random: Random): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  for (let fault = 1 + random.integer(3); fault > 0; fault--) spoil(copy, random);
  return copy;
}

const oddValues: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1,
  3,
  2.5,
  1e12,
  1e300,
  "",
  "..",
  "../..",
  "zyx",
  "<f8",
  [],
  {},
  [1e12, 1e12, 1e12],
  [0, 0, 0],
  "x".repeat(3000),
];

function spoil(root: unknown, random: Random): void {
  let holder = root as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(holder);
    if (keys.length === 0) return;
    const key = keys[random.integer(keys.length)]!;
    const child = holder[key];
    if (typeof child === "object" && child !== null && random.integer(4) > 0) {
      holder = child as Record<string, unknown>;
      continue;
    }
    if (random.integer(4) === 0) delete holder[key];
    else holder[key] = structuredClone(oddValues[random.integer(oddValues.length)]);
    return;
  }
}
