// How lines of a chart are told apart: by colour, and by dashes for who does not see the colours.

/** Colours that are told apart on light and on dark ground. */
const colours = ["#3b8ee0", "#e8743b", "#2fa37c", "#b56fd6", "#d9a514", "#d6517d", "#5aa9a3", "#8c8c8c"];

const dashes = [undefined, "7 3", "2 3", "10 3 2 3", "4 4", "12 4", "7 3 2 3 2 3", "1 5"] as const;

export const colourOf = (at: number): string => colours[at % colours.length]!;

/** Dashes of a line as SVG has them; undefined for a whole line. Those of lines that share a colour differ. */
export const dashOf = (at: number): string | undefined =>
  dashes[(at + Math.floor(at / colours.length)) % dashes.length];
