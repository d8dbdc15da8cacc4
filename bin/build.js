// Transpiles src/ to dist/ file by file. Written beside its place and renamed into it, so that two first starts at
// once cannot see half a build.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src");
const target = join(root, "dist");

const sources = () =>
  readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** What a build was made from: every file's path, size and time of change. */
const stampOf = (files) =>
  files
    .map((file) => {
      const { size, mtimeMs } = statSync(file);
      return `${file.slice(root.length)} ${size} ${Math.round(mtimeMs)}`;
    })
    .join("\n");

/** True where dist/ is missing or, in a checkout (which alone has a tsconfig.json), older than src/. */
export function isStale(stampText) {
  if (!existsSync(join(target, "cli.js"))) return true;
  if (!existsSync(join(root, "tsconfig.json"))) return false;
  return stampText !== stampOf(sources());
}

export async function build() {
  const { build: esbuild } = await import("esbuild");
  const files = sources();
  const stamp = stampOf(files);
  const partial = `${target}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const code = files.filter((file) => file.endsWith(".ts"));
  await esbuild({
    entryPoints: code,
    outdir: partial,
    outbase: source,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "linked",
    logLevel: "error",
  });
  for (const file of files.filter((f) => !f.endsWith(".ts"))) {
    const { copyFileSync } = await import("node:fs");
    const to = join(partial, file.slice(source.length + 1));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(file, to);
  }
  writeFileSync(join(partial, "built-from.txt"), stamp);
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
