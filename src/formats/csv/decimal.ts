/** Decimal numbers read from bytes, correctly rounded and without making strings. */

const [plus, minus, point, zero] = [0x2b, 0x2d, 0x2e, 0x30];
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** Digits that fit into an integer of 31 bits. */
const chunk = 9;
const powersOfTen = Float64Array.from({ length: 2 * chunk + 1 }, (_, exponent) => Number(`1e${exponent}`));
const reciprocals = powersOfTen.map((power) => 1 / power);

/**
 * Reads the decimal number at bytes[start, end); NaN for anything else, for infinity and for no bytes at all. The value is
 * correctly rounded, as by `Number`, which reads the unusual ones.
 */
export function parseDecimal(bytes: Buffer, start: number, end: number): number {
  return readDecimal(bytes, start, end, parsed, 0) === end ? parsed[0]! : readUnusual(bytes, start, end);
}

const parsed = new Float64Array(1);

/**
 * Reads the decimal number that begins at bytes[start], as far as it is written plainly: a sign, then up to eighteen
 * characters of digits with at most one point, among the first nine. The value goes to into[slot], because a number that
 * a function returns would be allocated on the heap.
 *
 * @returns the place where reading stopped, which the caller must check; −1 where the rounding is in doubt or there is no
 * digit
 */
export function readDecimal(
  bytes: Buffer,
  start: number,
  end: number,
  into: Float64Array,
  slot: number,
): number {
  const sign = start < end ? bytes[start]! : 0;
  const first = sign === plus || sign === minus ? start + 1 : start;
  let at = first;
  let head = 0;
  let pointAt = -1;
  for (const headEnd = Math.min(end, first + chunk); at < headEnd; at++) {
    const digit = bytes[at]! - zero;
    if (digit >>> 0 <= 9) head = (Math.imul(head, 10) + digit) | 0;
    else if (digit === point - zero && pointAt < 0) pointAt = at;
    else break;
  }
  if (at - first === (pointAt < 0 ? 0 : 1)) return -1;
  const tailStart = at;
  let tail = 0;
  for (const tailEnd = Math.min(end, at + chunk); at < tailEnd; at++) {
    const digit = bytes[at]! - zero;
    if (digit >>> 0 > 9) break;
    tail = (Math.imul(tail, 10) + digit) | 0;
  }
  const tailDigits = at - tailStart;
  if (tailDigits > 0 && pointAt < 0) return -1;
  const places = pointAt < 0 ? 0 : at - pointAt - 1;
  const value = tailDigits === 0 ? head / powersOfTen[places]! : quotient(head, places, tail, tailDigits);
  if (Number.isNaN(value)) return -1;
  into[slot] = sign === minus ? -value : value;
  return at;
}

/** 2²⁷ + 1 cuts a double's 53 bits into two halves whose products are exact (Dekker 1971). */
const cut = 134217729;
const highHalves = powersOfTen.map((power) => cut * power - (cut * power - power));
const lowHalves = powersOfTen.map((power, i) => power - highHalves[i]!);
/** Bound of the relative error: twice the rounding of the two quotients, four times 2⁻⁵³, and that of their sum. */
const doubt = 2 ** -50;

/**
 * Returns head / 10^(places − tailDigits) + tail / 10^places, correctly rounded, or NaN where rounding is in doubt. Both
 * powers are exact, and so is the product that the rough first quotient is checked by. The correction by that product and
 * by the tail is known so well that both ends of its error lead to the same sum, unless the number lies next to the
 * middle of two doubles (Ziv 1991).
 */
function quotient(head: number, places: number, tail: number, tailDigits: number): number {
  const shift = places - tailDigits;
  const divisor = powersOfTen[shift]!;
  const rough = head * reciprocals[shift]!;
  const high = cut * rough - (cut * rough - rough);
  const low = rough - high;
  const product = rough * divisor;
  const productError =
    low * lowHalves[shift]! -
    (product - high * highHalves[shift]! - low * highHalves[shift]! - high * lowHalves[shift]!);
  const left = (head - product - productError) * reciprocals[shift]!;
  const right = tail * reciprocals[places]!;
  const error = (Math.abs(left) + right) * doubt;
  const value = rough + (left + right - error);
  return value === rough + (left + right + error) ? value : Number.NaN;
}

function readUnusual(bytes: Buffer, start: number, end: number): number {
  const text = bytes.toString("latin1", start, end);
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}
