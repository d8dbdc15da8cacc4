/** Colour on terminals: plain text where NO_COLOR is set, where the terminal is dumb, and where nothing is a terminal. */

export interface Style {
  readonly bold: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
}

interface Stream {
  readonly isTTY?: boolean;
}

/** Returns how text for a stream is set off. See https://no-color.org for NO_COLOR. */
export function styleFor(stream: Stream, env: NodeJS.ProcessEnv = process.env): Style {
  const isOn = stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const code = (on: number, off: number) => (text: string) =>
    isOn ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: code(1, 22),
    faint: code(2, 22),
    red: code(31, 39),
    yellow: code(33, 39),
  };
}
