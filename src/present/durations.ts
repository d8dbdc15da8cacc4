/** Lengths of time as people write them: `1d 2h 20m 15s`. */

const inMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, "": 1000 };

/**
 * Returns the ms that days, hours, minutes and seconds mean, the largest first and each once; a number alone counts
 * seconds. Undefined for any other text.
 */
export function durationOf(text: string): number | undefined {
  const whole =
    /^(?:(\d+(?:\.\d+)?)(d))?\s*(?:(\d+(?:\.\d+)?)(h))?\s*(?:(\d+(?:\.\d+)?)(m))?\s*(?:(\d+(?:\.\d+)?)(s?))?$/;
  const [, ...parts] = whole.exec(text.trim()) ?? [];
  let ms = 0;
  let isAny = false;
  for (let at = 0; at < parts.length; at += 2) {
    if (parts[at] === undefined) continue;
    isAny = true;
    ms += Number(parts[at]) * inMs[parts[at + 1]!]!;
  }
  return isAny ? ms : undefined;
}
