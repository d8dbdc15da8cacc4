const [plus, minus, point, zero] = [0x2b, 0x2d, 0x2e, 0x30];
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** So many digits fit an integer's 31 bits. */
const chunk = 9;
const powersOfTen = Float64Array.from({ length: 2 * chunk + 1 }, (_, exponent) => Number(`1e${exponent}`));
const reciprocals = powersOfTen.map((power) => 1 / power);

/**
 * Reads the decimal number at bytes[start] up to bytes[end]; NaN for anything else, for infinity and for nothing at all.
 * Correctly rounded, as the language's own reader is, to which everything unusual goes.
 */
export function parseDecimal(bytes: Buffer, start: number, end: number): number {
  const sign = start < end ? bytes[start]! : 0;
  const first = sign === plus || sign === minus ? start + 1 : start;
  let at = first;
  let head = 0;
  let pointAt = -1;
  for (const headEnd = Math.min(end, first + chunk); at < headEnd; at++) {
    const digit = bytes[at]! - zero;
    if (digit >>> 0 <= 9) head = (Math.imul(head, 10) + digit) | 0;
    else if (digit === point - zero && pointAt < 0) pointAt = at;
    else return readUnusual(bytes, start, end);
  }
  const tailDigits = end - at;
  if (tailDigits > chunk || (tailDigits > 0 && pointAt < 0) || at - first === (pointAt < 0 ? 0 : 1))
    return readUnusual(bytes, start, end);
  let tail = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - zero;
    if (digit >>> 0 <= 9) tail = (Math.imul(tail, 10) + digit) | 0;
    else return readUnusual(bytes, start, end);
  }
  const places = pointAt < 0 ? 0 : end - pointAt - 1;
  const value = tailDigits === 0 ? head / powersOfTen[places]! : quotient(head, places, tail, tailDigits);
  if (Number.isNaN(value)) return readUnusual(bytes, start, end);
  return sign === minus ? -value : value;
}

/** 2²⁷ + 1 cuts a double's 53 bits into two halves whose products are exact (Dekker 1971). */
const cut = 134217729;
const highHalves = powersOfTen.map((power) => cut * power - (cut * power - power));
const lowHalves = powersOfTen.map((power, i) => power - highHalves[i]!);
/** Twice the rounding of the two quotients, four times 2⁻⁵³, and of their sum. */
const doubt = 2 ** -50;

/**
 * head / 10^(places − tailDigits) + tail / 10^places, correctly rounded, or NaN where rounding is in doubt. Both powers
 * are exact, and so is the product that the rough first quotient is measured by. The correction by it and by the tail is known so
 * well that both ends of its error give the same sum, unless the number lies next to the middle of two doubles (Ziv 1991).
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
