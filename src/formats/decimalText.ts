/** Numbers as decimal text, as the language prints them, by whole numbers where that is exact: several times as fast. */

/** Digits after the point of thousandths, without zeros at the end. */
const thousandths = Array.from({ length: 1000 }, (_, i) =>
  i === 0
    ? ""
    : `.${String(1000 + i)
        .slice(1)
        .replace(/0+$/, "")}`,
);
/** Three digits each. */
const threeDigits = Array.from({ length: 1000 }, (_, i) => String(1000 + i).slice(1));

const mostThousandths = 1e12;
const mostMillionths = 1e12;
/** Farthest from a whole number that a product is still rounded without doubt: its error is below 10⁻³. */
const surelyRounded = 0.499;

/**
 * Prints a number with the fewest digits that read back as the same number, as `String`. A number that is the quotient of a
 * whole number and 1000, and has no more than fifteen digits, is read back from that decimal and from no shorter one.
 */
export function shortestText(value: number): string {
  const size = Math.abs(value);
  const count = Math.round(size * 1000);
  if (count === 0 || count >= mostThousandths || count / 1000 !== size) return String(value);
  const whole = Math.floor(count / 1000);
  return `${value < 0 ? "-" : ""}${whole}${thousandths[count - whole * 1000]!}`;
}

/** Most bytes that `writeShortest` writes, those of -1.2345678901234567e-300. */
export const mostBytesOfShortest = 24;

const [minus, point, zero] = [0x2d, 0x2e, 0x30];

/**
 * Writes the text of `shortestText` into bytes that have room for `mostBytesOfShortest`.
 *
 * @param at where it begins
 * @returns the place after its end
 */
export function writeShortest(value: number, into: Buffer, at: number): number {
  const size = Math.abs(value);
  const count = Math.round(size * 1000);
  if (count === 0 || count >= mostThousandths || count / 1000 !== size)
    return at + into.write(String(value), at, "latin1");
  const whole = Math.floor(count / 1000);
  let end = at;
  if (value < 0) into[end++] = minus;
  end = writeWhole(whole, into, end);
  return writeFraction(count - whole * 1000, into, end);
}

/** Writes a whole number from 0 to 2³⁰. */
function writeWhole(value: number, into: Buffer, at: number): number {
  const end = at + digitsOf(value);
  let rest = value | 0;
  for (let place = end - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0;
    into[place] = zero + rest - 10 * tenth;
    rest = tenth;
  }
  return end;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}

/** Writes thousandths after a point, without zeros at the end. */
function writeFraction(count: number, into: Buffer, at: number): number {
  if (count === 0) return at;
  into[at] = point;
  const hundreds = (count / 100) | 0;
  const tens = ((count / 10) | 0) - 10 * hundreds;
  const ones = count % 10;
  into[at + 1] = zero + hundreds;
  into[at + 2] = zero + tens;
  into[at + 3] = zero + ones;
  return at + (ones > 0 ? 4 : tens > 0 ? 3 : 2);
}

/** Prints a finite number with six digits after the point, as `toFixed(6)`. */
export function sixDigitsText(value: number): string {
  const millionths = Math.abs(value) * 1e6;
  const count = Math.round(millionths);
  if (!(count < mostMillionths && Math.abs(millionths - count) < surelyRounded)) return value.toFixed(6);
  const thousands = Math.floor(count / 1000);
  const whole = Math.floor(thousands / 1000);
  const [high, low] = [threeDigits[thousands - whole * 1000]!, threeDigits[count - thousands * 1000]!];
  return `${value < 0 ? "-" : ""}${whole}.${high}${low}`;
}
