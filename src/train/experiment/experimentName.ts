/** Names of experiments that are made of other names. */

/** Most characters of an experiment's name. */
const longest = 64;

/**
 * Returns an experiment's name made of any text: what is no letter, digit, dot, underscore or dash becomes a dash, a first
 * character that is no letter or digit an `a`.
 *
 * @param end what comes behind it, however long the text is
 */
export const experimentNameOf = (text: string, end = ""): string =>
  `${text
    .replace(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^[^A-Za-z0-9]|^$/, "a")
    .slice(0, longest - end.length)}${end}`.replace(/\.+$/, "");
