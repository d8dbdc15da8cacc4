/** Random faults in files of positions. */
import type { Random } from "../../src/domain/random.js";

/** Pieces that break readers: invalid sizes and numbers, misplaced signs of a format, control characters. */
const poison = [
  ...[
    "NaN",
    "Infinity",
    "-1",
    "1e999",
    "1e-999",
    "99999999999999999999",
    "",
    "\0",
    "\n",
    "\r\n",
    " ",
    "\t",
    ",",
    ";\n",
  ],
  ...[
    "loop_\n",
    "data_\n",
    "_x",
    '"',
    "'",
    "#",
    "{",
    "}",
    "[",
    "]",
    "null",
    "[[[[",
    "é",
    "\ud800",
    "__proto__",
    "CONT",
    "IMAT",
  ],
].map((text) => Buffer.from(text));
const sizes = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 24, 255];

/** Copies bytes with one to six faults of all kinds: lost, doubled, swapped and foreign bytes, cut ends, wild sizes. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  let out = Buffer.from(bytes);
  for (let left = 1 + random.integer(6); left > 0; left--) out = mutatedOnce(out, random);
  return out;
}

/** Characters of numbers, and blanks. */
const ofNumbers = Buffer.from("0123456789.-+eE \t,");

/** Copies bytes with one to three characters of numbers in other places: most of these files can still be read. */
export function nudged(bytes: Buffer, random: Random): Buffer {
  const out = Buffer.from(bytes);
  const places = [...out.keys()].filter((at) => ofNumbers.includes(out[at]!));
  for (let left = 1 + random.integer(3); left > 0 && places.length > 0; left--)
    out[places[random.integer(places.length)]!] = ofNumbers[random.integer(ofNumbers.length)]!;
  return out;
}

function mutatedOnce(bytes: Buffer, random: Random): Buffer<ArrayBuffer> {
  const at = random.integer(bytes.length + 1);
  const length = random.integer(Math.min(64, bytes.length - at) + 1);
  const [before, part, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + length),
    bytes.subarray(at + length),
  ];
  switch (random.integer(7)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, part, part, after]);
    case 2:
      return Buffer.from(before);
    case 3:
      return Buffer.concat([before, poison[random.integer(poison.length)]!, after]);
    case 4:
      return Buffer.concat([before, poison[random.integer(poison.length)]!, part, after]);
    case 5:
      return Buffer.concat([before, part.map(() => random.integer(256)), after]);
    default:
      return withSize(bytes, random);
  }
}

function withSize(bytes: Buffer, random: Random): Buffer<ArrayBuffer> {
  const out = Buffer.from(bytes);
  if (out.length >= 4) out.writeInt32BE(sizes[random.integer(sizes.length)]!, random.integer(out.length - 3));
  return out;
}
