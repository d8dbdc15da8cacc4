// Transpiles src/ to dist/ file by file, save for the command line's parser, which takes yargs in, for other libraries
// of many files (see libraries.js), and for the scripts of pages, which take in what they import. Written
// beside its place and renamed into it, so that two first starts at once cannot see half a build. With --types the
// declarations for other programs are written too, which takes TypeScript: only a checkout has it.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src");
const target = join(root, "dist");
const note = "built-from.json";
const entry = join(source, "commands/shared/parser.ts");
const web = join(source, "web");

const sources = () =>
  readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}${sep}${name}`)
    .sort();

/** Scripts, and styles that a page's script names: esbuild puts them into the page's own file. */
const isTakenIn = (file) =>
  /\.tsx?$/.test(file) || (file.startsWith(web) && file.endsWith(".css") && !file.endsWith(`${sep}page.css`));

/** Every file's path, size and time of change: quick to compare, lost when files are packed. */
const stampOf = (files) =>
  files
    .map((file) => {
      const { size, mtimeMs } = statSync(file);
      return `${file.slice(root.length)} ${size} ${Math.round(mtimeMs)}`;
    })
    .join("\n");

/** Every file's path and content: what tests keep results by. */
const hashOf = async (files) => {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file.slice(root.length)}\n`).update(readFileSync(file));
  return hash.digest("hex");
};

/**
 * True where dist/ is missing or, in a checkout, made from another src/. A checkout alone has a tsconfig.json; a package
 * is replaced as a whole, so that its dist/ is of its src/.
 */
export function isStale() {
  try {
    const built = JSON.parse(readFileSync(join(target, note), "utf8"));
    return existsSync(join(root, "tsconfig.json")) && built.stamp !== stampOf(sources());
  } catch {
    return true;
  }
}

/** Leaves the modules that the entry imports from src/ in files of their own, which the commands share with it. */
const ownModulesApart = {
  name: "own-modules-apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ importer, path }) =>
      importer === entry ? { path, external: true } : undefined,
    );
  },
};

/** Builds dist/; with its declarations where `types` is true. */
export async function build({ types = false } = {}) {
  const { build: esbuild } = await import("esbuild");
  removeLeftovers();
  const files = sources();
  const partial = `${target}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const scripts = files.filter((file) => file.endsWith(".ts"));
  const isWeb = (file) => file.startsWith(`${web}${sep}`);
  const options = { outdir: partial, outbase: source, logLevel: "silent" };
  const node = { ...options, format: "esm", platform: "node", target: "node20", sourcemap: "linked" };
  const { ownImports, writeLibraries } = await import("./libraries.js");
  await esbuild({
    ...node,
    entryPoints: scripts.filter((file) => file !== entry && !isWeb(file)),
    bundle: true,
    plugins: [ownImports(source)],
  });
  await writeLibraries(esbuild, node, root, partial);
  await esbuild({
    ...node,
    entryPoints: [entry],
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [ownModulesApart],
  });
  await esbuild({
    ...options,
    entryPoints: files.filter((file) => isWeb(file) && /[/\\]page\.tsx?$/.test(file)),
    bundle: true,
    minify: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    format: "iife",
    platform: "browser",
    target: "es2022",
    charset: "utf8",
  });
  for (const file of files.filter((name) => !isTakenIn(name))) {
    const copy = join(partial, file.slice(source.length + 1));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(file, copy);
  }
  if (types) await writeDeclarations(partial);
  writeFileSync(join(partial, note), JSON.stringify({ stamp: stampOf(files), hash: await hashOf(files) }));
  replaceTarget(partial);
}

/**
 * Writes the declarations of src/index.ts and of all that it names. What it needs is loaded here: every start of the
 * program loads this file.
 */
export async function writeDeclarations(folder) {
  const { execFileSync } = await import("node:child_process");
  const { createRequire } = await import("node:module");
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const compiler = join(typescript, "bin", "tsc");
  const config = join(root, "tsconfig.build.json");
  execFileSync(process.execPath, [compiler, "-p", config, "--outDir", folder], { stdio: "inherit" });
}

/** Removes what builds that were killed have left beside dist/; a package that may only be read has nothing of this. */
export function removeLeftovers() {
  for (const name of readdirSync(root)) {
    const pid = /^dist\.(?:old\.)?(\d+)$/.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    try {
      rmSync(join(root, name), { recursive: true, force: true });
    } catch {
      // Whoever may write there removes it.
    }
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Puts a finished build in place; where another start did so first, its build stands. */
function replaceTarget(partial) {
  const old = `${target}.old.${process.pid}`;
  try {
    if (existsSync(target)) renameSync(target, old);
    renameSync(partial, target);
  } catch (error) {
    if (!existsSync(target) && existsSync(old)) renameSync(old, target);
    if (!existsSync(join(target, "cli.js"))) throw error;
    rmSync(partial, { recursive: true, force: true });
  }
  rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1])
  await build({ types: process.argv.includes("--types") });
