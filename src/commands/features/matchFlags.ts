/** What the flags of a search for templates mean, and what is wrong with them. */
import { templateName } from "../../matching/template.js";
import type { TiltRange, Weighting } from "../../matching/weights.js";
import { PickbenchError } from "../../system/errors.js";

/** @throws BadUsage where a flag is given and is not above 0, or above `most` */
export function positive(
  flag: string,
  value: number | undefined,
  most = Number.POSITIVE_INFINITY,
): number | undefined {
  if (value === undefined || (value > 0 && value <= most && Number.isFinite(value))) return value;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${value}, wanted a number above 0${Number.isFinite(most) ? ` and at most ${most}` : ""}; give one`,
  );
}

export function wedgeOf(text: string): TiltRange | undefined {
  if (text === "none") return undefined;
  const [lowest, highest, ...others] = text.split(",").map(Number);
  if (lowest !== undefined && highest !== undefined && others.length === 0)
    if (lowest >= -90 && highest <= 90 && lowest < highest) return [lowest, highest];
  throw new PickbenchError(
    "BadUsage",
    `--wedge is ${JSON.stringify(text)}, wanted the lowest and the highest tilt, −90 to 90, or none; write it like --wedge=-60,60`,
  );
}

export function opticsOf(flags: {
  readonly ctf: string | undefined;
  readonly voltage: number;
  readonly cs: number;
  readonly amplitudeContrast: number;
  readonly phaseFlipped: boolean;
}): Weighting["optics"] {
  if (flags.ctf === undefined) return undefined;
  const voltage = positive("voltage", flags.voltage)!;
  const sphericalAberration = 1e7 * positive("cs", flags.cs)!;
  const { amplitudeContrast, phaseFlipped } = flags;
  if (!(amplitudeContrast >= 0 && amplitudeContrast <= 1))
    throw new PickbenchError(
      "BadUsage",
      `--amplitude-contrast is ${amplitudeContrast}, wanted a share 0 to 1; give one`,
    );
  return flags.ctf.split(",").map((text) => {
    const defocus = 1e4 * Number(text);
    if (text.trim() !== "" && defocus > 0 && defocus < 3e5)
      return { defocus, voltage, sphericalAberration, amplitudeContrast, phaseFlipped };
    throw new PickbenchError(
      "BadUsage",
      `--ctf is ${JSON.stringify(flags.ctf)}, wanted underfoci in µm, above 0 and below 30, separated by commas; write it like --ctf 3.5`,
    );
  });
}

export function checkTemplates(templates: readonly string[], mask: string | undefined): void {
  const names = templates.map(templateName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `two templates are called ${twice}, so that their picks would replace each other; rename one`,
    );
  if (mask !== undefined && templates.length > 1)
    throw new PickbenchError(
      "BadUsage",
      `--mask is of one template's shape, and there are ${templates.length}; leave it out, or name one template`,
    );
}

export function checkedThreshold(threshold: number | undefined): number | undefined {
  if (threshold === undefined || Number.isFinite(threshold)) return threshold;
  throw new PickbenchError("BadUsage", "--threshold is not a number; write it like --threshold 0.3");
}
