// Releases a version: npm run release [version] [--dry-run]. Checks, packs, tries the package in an empty folder, moves
// the changelog's unreleased part under the version, commits and tags. Nothing is pushed or published.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifests = ["package.json", "package-lock.json"];
const changelog = "CHANGELOG.md";
const citation = "CITATION.cff";
const pattern = /^(\d+)\.(\d+)\.(\d+)$/;

/** A reason to release nothing, to be printed as it is. */
class Refusal extends Error {}

/**
 * The version to release: the one asked for; else the manifest's, or the patch after it where that is tagged.
 *
 * @throws Refusal where the one asked for is none, is tagged, or is before the manifest's
 */
export function versionToRelease(current, asked, tags) {
  const isTagged = (version) => tags.includes(`v${version}`);
  const [, major, minor, patch] = pattern.exec(current).map(Number);
  if (asked === undefined) return isTagged(current) ? `${major}.${minor}.${patch + 1}` : current;
  const parts = pattern.exec(asked)?.slice(1).map(Number);
  if (!parts) throw new Refusal(`the version is ${asked}, wanted one like 1.2.3`);
  if (isTagged(asked)) throw new Refusal(`the version ${asked} is tagged already; name a later one`);
  const at = [major, minor, patch].findIndex((part, i) => part !== parts[i]);
  if (at >= 0 && parts[at] < [major, minor, patch][at])
    throw new Refusal(`the version ${asked} comes before ${current}; name a later one`);
  return asked;
}

/** The changelog with what is unreleased under the version. @throws Refusal where nothing is unreleased */
export function releasedChangelog(text, version, date) {
  const title = "## [Unreleased]\n";
  const start = text.indexOf(title);
  if (start < 0) throw new Refusal(`${changelog} has no part [Unreleased]`);
  const rest = text.slice(start + title.length);
  const next = rest.search(/^## \[/m);
  const unreleased = next < 0 ? rest : rest.slice(0, next);
  if (unreleased.trim() === "") throw new Refusal(`${changelog} says nothing under [Unreleased]`);
  const before = text.slice(0, start).replace(/ No version has been released yet\./, "");
  return `${before}${title}\n## [${version}] - ${date}\n${rest}`;
}

const run = (command, args, options = {}) =>
  execFileSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    ...options,
  });
const show = (command, args) => run(command, args, { stdio: "inherit" });
const read = (name) => readFileSync(join(root, name), "utf8");
const write = (name, text) => writeFileSync(join(root, name), text);

function withVersion(name, version) {
  const manifest = JSON.parse(read(name));
  manifest.version = version;
  if (manifest.packages) manifest.packages[""].version = version;
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Installs the package in an empty folder, and starts and imports it there. @throws Refusal where that fails */
function tryPackage(tarball, version, folder) {
  const elsewhere = { cwd: folder };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run(
    "npm",
    ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", tarball],
    elsewhere,
  );
  const said = run("npx", ["pickbench", "--version"], elsewhere).trim();
  if (said !== version) throw new Refusal(`the package says that it is ${said}, wanted ${version}`);
  const program = `import { scorePicks } from "pickbench"; console.log(typeof scorePicks);`;
  const kind = run(process.execPath, ["--input-type=module", "--eval", program], elsewhere).trim();
  if (kind !== "function") throw new Refusal(`the package's scorePicks is ${kind}, wanted a function`);
  readFileSync(join(folder, "node_modules", "pickbench", "dist", "index.d.ts"));
}

function release(asked, isDry) {
  const changes = run("git", ["status", "--porcelain"]).trim();
  if (changes !== "") throw new Refusal(`there are changes that are not committed:\n${changes}`);
  const tags = run("git", ["tag", "--list", "v*"]).split("\n");
  const version = versionToRelease(JSON.parse(read("package.json")).version, asked, tags);
  const released = releasedChangelog(read(changelog), version, new Date().toISOString().slice(0, 10));
  for (const script of ["typecheck", "lint", "test:unit"]) show("npm", ["run", script]);
  const before = new Map([changelog, citation, ...manifests].map((name) => [name, read(name)]));
  const folder = mkdtempSync(join(tmpdir(), "pickbench-release-"));
  const tarball = `pickbench-${version}.tgz`;
  let isDone = false;
  try {
    for (const name of manifests) write(name, withVersion(name, version));
    show("npm", ["pack", "--pack-destination", folder]);
    tryPackage(join(folder, tarball), version, folder);
    if (isDry) return console.log(`\n${version} could be released; nothing was changed.`);
    write(changelog, released);
    write(citation, read(citation).replace(/^version: .*$/m, `version: ${version}`));
    show("git", ["commit", "--all", "--message", `Release ${version}`]);
    isDone = true;
    show("git", ["tag", "--annotate", `v${version}`, "--message", `pickbench ${version}`]);
    copyFileSync(join(folder, tarball), join(root, tarball));
  } finally {
    if (!isDone) for (const [name, text] of before) write(name, text);
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    `\n${version} is committed and tagged. To publish it:\n  git push --follow-tags\n  npm publish ${tarball}`,
  );
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  const asked = process.argv.slice(2).filter((argument) => argument !== "--dry-run");
  try {
    release(asked[0], process.argv.includes("--dry-run"));
  } catch (error) {
    console.error(
      `release: ${error instanceof Refusal ? error.message : `stopped, as a step failed: ${error.message}`}`,
    );
    process.exitCode = 1;
  }
}
