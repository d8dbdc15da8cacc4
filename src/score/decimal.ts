const [plus, minus, point, zero, nine] = [0x2b, 0x2d, 0x2e, 0x30, 0x39];
const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Reads the decimal number at text[start] up to text[end]; NaN for anything else, for infinity and for nothing at all.
 * Correctly rounded: with a mantissa below 2⁵³ and a power of ten up to 10²² both are exact and one division rounds
 * once (Clinger 1990); everything else goes to the language's own reader.
 */
export function parseDecimal(text: string, start: number, end: number): number {
  let at = start;
  const sign = at < end ? text.charCodeAt(at) : 0;
  if (sign === plus || sign === minus) at++;
  const first = at;
  let mantissa = 0;
  let fraction = -1;
  for (; at < end; at++) {
    const digit = text.charCodeAt(at);
    if (digit >= zero && digit <= nine) mantissa = mantissa * 10 + (digit - zero);
    else if (digit === point && fraction < 0) fraction = at;
    else return withExponent(text.slice(start, end));
  }
  const digits = end - first - (fraction < 0 ? 0 : 1);
  if (digits === 0) return Number.NaN;
  const places = fraction < 0 ? 0 : end - fraction - 1;
  if (places > 22 || mantissa > Number.MAX_SAFE_INTEGER) return finite(Number(text.slice(start, end)));
  const value = mantissa / powersOfTen[places]!;
  return sign === minus ? -value : value;
}

const withExponent = (text: string): number => (decimal.test(text) ? finite(Number(text)) : Number.NaN);

const finite = (value: number): number => (Number.isFinite(value) ? value : Number.NaN);
