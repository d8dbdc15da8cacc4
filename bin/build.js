// Transpiles src/ to dist/ file by file, save for the command line's parser, which takes yargs in: one file
// loads in less than half the time of yargs' many. Written beside its place and renamed into it, so that two first starts
// at once cannot see half a build.
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

const sources = () =>
  readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}${sep}${name}`)
    .sort();

/** Every file's path, size and time of change: quick to compare, lost when files are packed. */
const stampOf = (files) =>
  files
    .map((file) => {
      const { size, mtimeMs } = statSync(file);
      return `${file.slice(root.length)} ${size} ${Math.round(mtimeMs)}`;
    })
    .join("\n");

/** Every file's path and content. */
const hashOf = async (files) => {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file.slice(root.length)}\n`).update(readFileSync(file));
  return hash.digest("hex");
};

/** True where dist/ is missing or made from another src/. A checkout alone has a tsconfig.json. */
export async function isStale() {
  try {
    const built = JSON.parse(readFileSync(join(target, note), "utf8"));
    const files = sources();
    return existsSync(join(root, "tsconfig.json"))
      ? built.stamp !== stampOf(files)
      : built.hash !== (await hashOf(files));
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

export async function build() {
  const { build: esbuild } = await import("esbuild");
  const files = sources();
  const partial = `${target}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const options = {
    outdir: partial,
    outbase: source,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "linked",
    logLevel: "error",
  };
  await esbuild({ ...options, entryPoints: files.filter((file) => file.endsWith(".ts") && file !== entry) });
  await esbuild({
    ...options,
    entryPoints: [entry],
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [ownModulesApart],
  });
  for (const file of files.filter((name) => !name.endsWith(".ts"))) {
    const copy = join(partial, file.slice(source.length + 1));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(file, copy);
  }
  writeFileSync(join(partial, note), JSON.stringify({ stamp: stampOf(files), hash: await hashOf(files) }));
  replaceTarget(partial);
}

/** Puts a finished build in place; where another start did so first, its build stands. */
function replaceTarget(partial) {
  const old = `${target}.old.${process.pid}`;
  try {
    if (existsSync(target)) renameSync(target, old);
    renameSync(partial, target);
  } catch (error) {
    if (!existsSync(join(target, "cli.js"))) throw error;
    rmSync(partial, { recursive: true, force: true });
  }
  rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) await build();
