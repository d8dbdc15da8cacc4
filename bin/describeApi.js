// Writes docs/api.md from the library's declarations: src/index.ts has the sections, the docstrings say the rest.
// --names prints as JSON what is exported, what of its signatures is not, and whether the page is current.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { writeDeclarations } from "./build.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, "docs/api.md");

/** Runs `work` with a folder of the declarations, one file a module. */
async function withDeclarations(work) {
  const folder = mkdtempSync(join(tmpdir(), "pickbench-api-"));
  try {
    await writeDeclarations(folder);
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A module's top-level declarations by name. The compiler writes each from the first column on. */
function declarationsOf(file) {
  const found = new Map();
  const text = readFileSync(file, "utf8");
  const statement =
    /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^((?:export )?(?:declare )?(interface|type|class|function|const) (\w+)[\s\S]*?(?:;|\})$)(?=\n[^\s}]|\n?$(?![\s\S]))/gm;
  for (const [, doc = "", code, kind, name] of text.matchAll(statement))
    if (!found.has(name)) found.set(name, { name, kind, doc, code });
  return found;
}

/** The sections of src/index.ts: what their comments say, and what is exported from where. */
function sectionsOf(folder) {
  const text = readFileSync(join(root, "src/index.ts"), "utf8");
  const sections = [];
  for (const [, comment, , names, from] of text.matchAll(
    /\/\*\*\n([\s\S]*?)\*\/|export (type )?\{([^}]*)\} from "\.\/([^"]+)\.js";/g,
  )) {
    if (comment !== undefined) {
      sections.push({ text: comment.replace(/^ \* ?/gm, "").trim(), entries: [] });
      continue;
    }
    const module = join(folder, `${from}.d.ts`);
    const declarations = declarationsOf(module);
    for (const name of names.split(",").map((each) => each.replace(/^\s*(?:type )?/, "").trim())) {
      if (name === "") continue;
      const found = declarations.get(name);
      if (!found) throw new Error(`${relative(folder, module)} declares no ${name}`);
      sections.at(-1).entries.push({ ...found, module });
    }
  }
  return sections;
}

/** Lines of a docstring as Markdown: its paragraphs, then a list of its tags. */
function markdownOf(doc) {
  const text = doc.replace(/^\s*\* ?/gm, "").trim();
  const [description, ...tags] = text.split(/(?:^|\s+)@(?=(?:param|returns|throws)\s)/);
  const flat = (part) =>
    part
      .trim()
      .replace(/\n(?![\n|-])/g, " ")
      .replace(/ {2,}/g, " ");
  const paragraphs = description
    .trim()
    .split(/\n\s*\n/)
    .map(flat)
    .filter(Boolean);
  const items = tags.map((tag) => {
    const [, kind, rest] = /^(\w+)\s+([\s\S]*)$/.exec(tag);
    const [, name, about] = /^(\S+)\s+([\s\S]*)$/.exec(rest) ?? ["", "", rest];
    if (kind === "param") return `- \`${name}\`: ${flat(about)}`;
    return `- ${kind === "returns" ? "Returns" : "Throws"} ${flat(rest.replace(/^PickbenchError (?=Bad)/, ""))}`;
  });
  return [...paragraphs, ...(items.length > 0 ? [items.join("\n")] : [])].join("\n\n");
}

/** The constants that a type takes its names from, save for schemas, which are long. */
const listsOf = (code, module) =>
  [...code.matchAll(/typeof (\w+)(?<!Schema)\b/g)].map(([, name]) => declarationsOf(module).get(name).code);

const values = ["class", "function", "const"];

function pageAsItIs() {
  try {
    return readFileSync(page, "utf8");
  } catch {
    return "";
  }
}

function pageOf(sections) {
  const parts = ["<!-- Written by `npm run docs` from src/index.ts and its docstrings; edit those. -->"];
  for (const { text, entries } of sections) {
    parts.push(text);
    const ordered = [...entries].sort(
      (a, b) => Number(values.includes(b.kind)) - Number(values.includes(a.kind)),
    );
    for (const { name, kind, doc, code, module } of ordered) {
      const shown = [code, ...listsOf(code, module)]
        .map((each) => each.replace(/^(?:export )?(?:declare )?/, "").replace(/ {4}/g, "  "))
        .join("\n");
      parts.push(`### \`${name}\`${values.includes(kind) ? "" : " (type)"}`);
      if (doc) parts.push(markdownOf(doc));
      parts.push(`\`\`\`ts\n${shown}\n\`\`\``);
    }
  }
  return `${parts.join("\n\n")}\n`;
}

/** Every exported name with its kind, and the names in their declarations that are declared but not exported. */
function namesOf(sections) {
  const entries = sections.flatMap((section) => section.entries);
  const exported = new Set(entries.map(({ name }) => name));
  const hidden = {};
  for (const { name, code, module } of entries) {
    const text = readFileSync(module, "utf8");
    const imported = [...text.matchAll(/^import (?:type )?\{([^}]*)\} from "\.[^"]*"/gm)]
      .flatMap(([, names]) => names.split(","))
      .map((each) => each.replace(/^\s*(?:type )?/, "").trim());
    const plain = code.replace(/\/\*\*[\s\S]*?\*\//g, "");
    const known = [...new Set([...imported, ...declarationsOf(module).keys()])];
    const found = known.filter(
      (each) => each !== "" && !exported.has(each) && new RegExp(`\\b${each}\\b(?!\\??:)`).test(plain),
    );
    if (found.length > 0) hidden[name] = found.sort();
  }
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { exports: Object.fromEntries(sorted.map(({ name, kind }) => [name, kind])), hidden };
}

const { names, text } = await withDeclarations((folder) => {
  const sections = sectionsOf(folder);
  return { names: namesOf(sections), text: pageOf(sections) };
});
if (process.argv.includes("--names"))
  console.log(JSON.stringify({ ...names, isCurrent: text === pageAsItIs() }));
else writeFileSync(page, text);
