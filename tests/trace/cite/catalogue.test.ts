import { parse } from "@retorquere/bibtex-parser";
import { describe, expect, it } from "vitest";
import { table } from "../../../src/commands/table.js";
import { engineNames } from "../../../src/engines/engine.js";
import { formatNames } from "../../../src/formats/positions/catalogue.js";
import { pickingSchema } from "../../../src/infer/pick/picking.js";
import { architectures } from "../../../src/nets/library/catalogue.js";
import { bibtex, bibtexOf, latex } from "../../../src/trace/cite/bibtex.js";
import { workOf, works } from "../../../src/trace/cite/catalogue.js";
import { arxivForm, doiForm, type Entry } from "../../../src/trace/cite/entry.js";
import { methodOf, methods } from "../../../src/trace/cite/methods.js";
import { ensembleAverages, memberChoices } from "../../../src/train/checkpoint/ensembleRecord.js";
import { lossSchema } from "../../../src/train/experiment/losses.js";
import { viewers } from "../../../src/viewers/viewerFiles.js";

/** What a parser reads, with letters and their accents as one. */
function parsed(text: string) {
  const { entries, errors } = parse(text, { raw: false });
  const composed = JSON.parse(JSON.stringify(entries).normalize("NFC")) as typeof entries;
  return { entries: composed, errors };
}

describe("the works", () => {
  it.each(works.map((work) => [work.key, work] as const))(
    "%s is whole, and its DOI has a DOI's form",
    (_, work) => {
      const { type, journal, booktitle, doi, arxiv, url } = work;
      if (doi !== undefined) expect(doi).toMatch(doiForm);
      if (arxiv !== undefined) expect(arxiv).toMatch(arxivForm);
      if (url !== undefined) expect(new URL(url).protocol).toBe("https:");
      expect(doi ?? arxiv ?? url).toBeDefined();
      expect(journal !== undefined).toBe(type === "article");
      expect(booktitle !== undefined).toBe(type === "inproceedings");
      if (type !== "misc") expect(work.year).toBeGreaterThan(1960);
      for (const raw of [doi, arxiv, url]) expect(raw ?? "").not.toMatch(/[{}%\\]/);
    },
  );

  it("have keys of their own, which change no more, and DOIs of their own", () => {
    const keys = works.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[a-z][a-z0-9]+$/);
    const dois = works.flatMap(({ doi }) => doi ?? []);
    expect(new Set(dois).size).toBe(dois.length);
    expect(keys).toMatchSnapshot();
  });

  it("are read by a BibTeX parser as they were meant", () => {
    const { entries, errors } = parsed(bibtex(works.map((entry) => ({ entry, uses: ["a use & more"] }))));
    expect(errors).toEqual([]);
    expect(entries.map(({ key }) => key)).toEqual(works.map(({ key }) => key));
    for (const [at, work] of works.entries()) {
      const { type, fields } = entries[at]!;
      expect(type).toBe(work.type);
      const plain = work.title.replace(/[{}]/g, "").toLowerCase().replace(/ -- /g, " – ");
      expect(
        String(fields.title)
          .replace(/<[^>]+>/g, "")
          .toLowerCase(),
      ).toBe(plain);
      expect(fields.doi).toBe(work.doi);
      const names = (fields.author ?? []).map(({ prefix, lastName, name }) =>
        [prefix, lastName ?? name].filter(Boolean).join(" "),
      );
      const others = work.author.endsWith(" and others");
      const count = work.author.split(" and ").length;
      expect(names).toHaveLength(count);
      const [first] = work.author.replace(/^\{(.*)\}$/, "$1").split(", ");
      expect(names[0]).toBe(first!.split(" and ")[0]);
      if (others) expect(names.at(-1)).toBe("others");
    }
  });

  it("know no key but their own", () => {
    expect(() => workOf("nobody1900")).toThrow("nobody1900");
  });
});

describe("the methods", () => {
  it("name works that there are, and each work is some method's or a data set's", () => {
    const used = new Set(
      Object.values(methods).flatMap((kind) => Object.values(kind).flatMap((each) => each.works)),
    );
    for (const key of used) expect(workOf(key).key).toBe(key);
    const ofData = ["polnetsynaptic"];
    expect(works.map(({ key }) => key).filter((key) => !used.has(key) && !ofData.includes(key))).toEqual([]);
  });

  it.each([
    ["architecture", architectures.map(({ name }) => name)],
    ["loss", lossSchema.options.map(({ shape }) => shape.kind.value)],
    ["ensemble", [...ensembleAverages, ...memberChoices]],
    ["picking", [...pickingSchema.shape.method.options, "filament"]],
    ["engine", [...engineNames]],
    ["format", [...formatNames, "zarr", "mrc"]],
    ["viewer", [...viewers]],
  ] as const)("hold every %s that pickbench has", (kind, names) => {
    expect(names.filter((name) => methodOf(kind, name) === undefined)).toEqual([]);
  });

  it("that have no works are few: pickbench's own, or too plain for one", () => {
    const plain = Object.entries(methods).flatMap(([kind, named]) =>
      Object.entries(named).flatMap(([name, { works: owed }]) =>
        owed.length === 0 ? [`${kind} ${name}`] : [],
      ),
    );
    expect(plain.sort()).toEqual([
      "command fetch",
      "command simulate",
      "ensemble all",
      "ensemble logits",
      "ensemble probabilities",
      "format coords",
      "format csv",
      "format tsv",
      "loss absoluteError",
      "loss binaryCrossEntropy",
      "loss crossEntropy",
      "loss squaredError",
      "metric dice",
      "picking peaks",
      "viewer neuroglancer",
    ]);
  });

  it("of commands and flags are of commands and flags that there are", async () => {
    for (const name of [
      ...Object.keys(methods.command),
      ...Object.keys(methods.flag).map((each) => each.split(" ")[0]!),
    ])
      expect(Object.keys(table)).toContain(name);
    for (const given of Object.keys(methods.flag)) {
      const [name, flag] = given.split(" ");
      if (!flag!.startsWith("--")) continue;
      const { command } = await table[name!]!.load();
      expect(Object.keys(command.definitions().options)).toContain(flag!.slice(2));
    }
  });

  it("of no name are none, whatever an object has", () => {
    expect(methodOf("architecture", "toString")).toBeUndefined();
  });
});

describe("BibTeX", () => {
  it.each([
    ["Çiçek, Özgün", '{\\c{C}}i{\\c{c}}ek, {\\"{O}}zg{\\"{u}}n'],
    ["Górski & Söhne_50 %", "G{\\'{o}}rski \\& S{\\\"{o}}hne\\_50 \\%"],
    ["Łukasz Møller, Ångström", '{\\L}ukasz M{\\o}ller, {\\AA}ngstr{\\"{o}}m'],
    ["naïve Tomáš Kovač ő ą ū", "na{\\\"{i}}ve Tom{\\'{a}}{\\v{s}} Kova{\\v{c}} {\\H{o}} {\\k{a}} {\\={u}}"],
    ["a–b “c” 3×3 °", "a--b ``c'' 3$\\times$3 $^\\circ$"],
    ["{U-Net}: a", "{U-Net}: a"],
    ["open { brace", "open brace"],
    ["} both {", " both "],
    ["a\\b $x^2~y #1", "a\\textbackslash{}b \\$x\\^{}2\\~{}y \\#1"],
    ["冷凍", "??"],
    ["two\nlines", "two lines"],
  ])("writes %j in ASCII", (text, written) => {
    expect(latex(text)).toBe(written);
    expect(latex(text)).toMatch(/^[ -~]*$/);
  });

  it("gives what was written back to a parser, accents and all", () => {
    const entry: Entry = {
      ...{ key: "a2020b", type: "article", year: 2020, journal: "Journal of Ünïcode & Co" },
      author: "Çiçek, Özgün and {The Group} and Kovač, Tomáš",
      title: "50 % of {3D} naïve_things",
      doi: "10.1000/a_b",
    };
    const { entries, errors } = parsed(bibtexOf(entry));
    expect(errors).toEqual([]);
    const { fields } = entries[0]!;
    expect(fields.author).toMatchObject([
      { lastName: "Çiçek", firstName: "Özgün" },
      { name: "The Group" },
      { lastName: "Kovač", firstName: "Tomáš" },
    ]);
    expect(fields.journal).toBe("Journal of Ünïcode & Co");
    expect(fields.doi).toBe("10.1000/a_b");
  });

  it("says before each entry what it is for, on one line without an entry's sign", () => {
    const entry = works[0]!;
    expect(bibtex([{ entry, uses: ["U-Net @ home", "é"] }])).toMatch(
      /^% U-Net \(at\) home; e\n@inproceedings\{/,
    );
    expect(bibtex([])).toBe("");
  });
});
