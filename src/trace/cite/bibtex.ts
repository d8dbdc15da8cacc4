/** Writes entries as BibTeX that every BibTeX and Biber reads: ASCII alone, accents as LaTeX's commands. */
import type { Entry } from "./entry.js";

/** What is written of an entry before it: a line that says what it stands for. */
export interface Cited {
  readonly entry: Entry;
  /** What it is cited for. */
  readonly uses: readonly string[];
}

/** Returns a bibliography; each entry has a line before it that says what it is cited for. */
export const bibtex = (cited: readonly Cited[]): string =>
  cited
    .map(
      ({ entry, uses }) =>
        `${uses.length === 0 ? "" : `% ${uses.map(ascii).join("; ")}\n`}${bibtexOf(entry)}\n`,
    )
    .join("\n");

/** Returns one entry. */
export function bibtexOf(entry: Entry): string {
  const { key, type, author, title, year, journal, booktitle, volume, doi, arxiv, url, note } = entry;
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["author", latex(author)],
    ["title", latex(title)],
    ["journal", journal && latex(journal)],
    ["booktitle", booktitle && latex(booktitle)],
    ["volume", volume],
    ["year", year === undefined ? undefined : String(year)],
    ["doi", doi],
    ["eprint", arxiv],
    ["archiveprefix", arxiv && "arXiv"],
    ["url", url],
    ["howpublished", howPublished(entry)],
    ["note", note && latex(note)],
  ];
  const lines = fields.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name} = {${value}},`]));
  return [`@${type}{${key},`, ...lines, "}"].join("\n");
}

/** Styles that know no `doi`, `eprint` or `url`, such as `plain`, print this of what has no journal. */
function howPublished({ type, doi, arxiv, url }: Entry): string | undefined {
  if (type !== "misc") return undefined;
  if (arxiv !== undefined) return `arXiv:${arxiv}`;
  const address = doi === undefined ? url : `https://doi.org/${doi}`;
  return address && latex(address);
}

/** Combining marks by their LaTeX commands. */
const marks: Readonly<Record<string, string>> = {
  "\u0300": "`",
  "\u0301": "'",
  "\u0302": "^",
  "\u0303": "~",
  "\u0304": "=",
  "\u0306": "u",
  "\u0307": ".",
  "\u0308": '"',
  "\u030a": "r",
  "\u030b": "H",
  "\u030c": "v",
  "\u0327": "c",
  "\u0328": "k",
};

/** Characters by what LaTeX writes for them. */
const characters: Readonly<Record<string, string>> = {
  ...{ "&": "\\&", "%": "\\%", $: "\\$", "#": "\\#", _: "\\_", "~": "\\~{}", "^": "\\^{}" },
  "\\": "\\textbackslash{}",
  ...{ "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "\u00a0": "~", "…": "\\dots{}" },
  ...{ ø: "{\\o}", Ø: "{\\O}", ß: "{\\ss}", ł: "{\\l}", Ł: "{\\L}", æ: "{\\ae}", Æ: "{\\AE}", ı: "{\\i}" },
  ...{
    œ: "{\\oe}",
    Œ: "{\\OE}",
    å: "{\\aa}",
    Å: "{\\AA}",
    đ: "{\\dj}",
    "°": "$^\\circ$",
    µ: "$\\mu$",
    "×": "$\\times$",
  },
};

/**
 * Writes text in LaTeX's ASCII. Braces that balance are kept, since they guard capitals; others are dropped, and what has
 * no ASCII form becomes a question mark.
 */
export function latex(text: string): string {
  const kept = isBalanced(text) ? text : text.replace(/[{}]/g, "");
  return [...kept.normalize("NFC").replace(/\s+/g, " ")].map(latexOf).join("");
}

function latexOf(character: string): string {
  const own = characters[character];
  if (own !== undefined) return own;
  if (/^[ -~]$/.test(character)) return character;
  const [base = "", ...combining] = character.normalize("NFD");
  const commands = combining.map((mark) => marks[mark]);
  if (combining.length === 0 || commands.includes(undefined) || !/^[A-Za-z]$/.test(base)) return "?";
  return commands.reduce<string>((inside, command) => `{\\${command}{${inside}}}`, base);
}

/** Comments are read by nobody but people: accents go. */
const ascii = (text: string): string =>
  [...text.normalize("NFD")]
    .filter((character) => /^[ -~]$/.test(character))
    .join("")
    .replaceAll("@", "(at)");

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    depth += character === "{" ? 1 : character === "}" ? -1 : 0;
    if (depth < 0) return false;
  }
  return depth === 0;
}
