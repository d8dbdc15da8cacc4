import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

interface Release {
  versionToRelease(current: string, asked: string | undefined, tags: readonly string[]): string;
  releasedChangelog(text: string, version: string, date: string): string;
}
const script = resolve("bin/release.js");
const { versionToRelease, releasedChangelog } = (await import(pathToFileURL(script).href)) as Release;

test("the version is the manifest's, the patch after a tagged one, or a later one that is asked for", () => {
  expect(versionToRelease("0.1.0", undefined, [])).toBe("0.1.0");
  expect(versionToRelease("0.1.9", undefined, ["v0.1.9"])).toBe("0.1.10");
  expect(versionToRelease("0.9.5", "0.10.0", ["v0.9.5"])).toBe("0.10.0");
  expect(() => versionToRelease("0.1.0", "0.1.0", ["v0.1.0"])).toThrow("tagged already");
  expect(() => versionToRelease("0.2.0", "0.1.9", [])).toThrow("comes before 0.2.0");
  expect(() => versionToRelease("0.2.0", "next", [])).toThrow("wanted one like 1.2.3");
});

test("what is unreleased moves under the version", () => {
  const text = "# Changelog\n\n## [Unreleased]\n\n- new\n\n## [0.1.0] - 2026-01-01\n\n- old\n";
  expect(releasedChangelog(text, "0.2.0", "2026-02-03")).toBe(
    "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n- new\n\n## [0.1.0] - 2026-01-01\n\n- old\n",
  );
  expect(() => releasedChangelog(text.replace("- new\n", ""), "0.2.0", "2026-02-03")).toThrow("says nothing");
  expect(() => releasedChangelog("# Changelog\n", "0.2.0", "2026-02-03")).toThrow("no part [Unreleased]");
});

describe("in a checkout", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" }).trim();

  /** A package without dependencies whose checks do nothing, released by our script. */
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pickbench-release-test-"));
    for (const name of ["bin", "dist"]) mkdirSync(at(name));
    const done = "node --eval 0";
    const manifest = {
      ...{ name: "pickbench", version: "0.1.0", type: "module", files: ["bin/pickbench.js", "dist"] },
      bin: { pickbench: "bin/pickbench.js" },
      exports: { ".": "./dist/index.js", "./package.json": "./package.json" },
      scripts: { typecheck: done, lint: done, "test:unit": done },
    };
    writeFileSync(at("package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    const lock = {
      name: "pickbench",
      version: "0.1.0",
      lockfileVersion: 3,
      packages: { "": { version: "0.1.0" } },
    };
    writeFileSync(at("package-lock.json"), JSON.stringify(lock));
    writeFileSync(at("CHANGELOG.md"), "# Changelog\n\n## [Unreleased]\n\n- new\n");
    writeFileSync(at("CITATION.cff"), "title: pickbench\nversion: 0.1.0\n");
    const version = `JSON.parse(readFileSync(new URL("../package.json", import.meta.url))).version`;
    writeFileSync(
      at("bin/pickbench.js"),
      `#!/usr/bin/env node\nimport { readFileSync } from "node:fs";\nconsole.log(${version});\n`,
    );
    cpSync(script, at("bin/release.js"));
    writeFileSync(at("dist/index.js"), "export const scorePicks = () => 1;\n");
    writeFileSync(at("dist/index.d.ts"), "export declare function scorePicks(): number;\n");
    git("init", "--quiet");
    git("config", "user.name", "a maintainer");
    git("config", "user.email", "maintainer@example.org");
    git("add", "--all");
    git("commit", "--quiet", "--message", "first");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const release = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((settle) => {
      execFile(process.execPath, [at("bin/release.js"), ...args], { cwd: folder }, (error, stdout, stderr) =>
        settle({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });

  test("commits, tags and says what comes next", async () => {
    const { code, stdout } = await release("0.2.0");
    expect(code).toBe(0);
    expect(stdout).toMatch(/0\.2\.0 is committed and tagged[\s\S]*npm publish pickbench-0\.2\.0\.tgz\n$/);
    expect(git("log", "-1", "--format=%s")).toBe("Release 0.2.0");
    expect(git("describe", "--exact-match")).toBe("v0.2.0");
    expect(git("status", "--porcelain", "--untracked-files=no")).toBe("");
    expect(readFileSync(at("CHANGELOG.md"), "utf8")).toMatch(/## \[0\.2\.0\] - \d{4}-\d\d-\d\d\n\n- new\n$/);
    expect(readFileSync(at("CITATION.cff"), "utf8")).toBe("title: pickbench\nversion: 0.2.0\n");
    for (const name of ["package.json", "package-lock.json"])
      expect(JSON.parse(readFileSync(at(name), "utf8"))).toMatchObject({ version: "0.2.0" });
    expect(existsSync(at("pickbench-0.2.0.tgz"))).toBe(true);
  });

  test("changes nothing in a dry run", async () => {
    const { code, stdout } = await release("--dry-run");
    expect({ code, last: stdout.trim().split("\n").at(-1) }).toEqual({
      code: 0,
      last: "0.1.0 could be released; nothing was changed.",
    });
    expect({
      log: git("log", "--format=%s"),
      tags: git("tag"),
      status: git("status", "--porcelain"),
    }).toEqual({
      log: "first",
      tags: "",
      status: "",
    });
  });

  test("refuses a dirty tree", async () => {
    writeFileSync(at("CHANGELOG.md"), "# other\n");
    const { code, stderr } = await release("--dry-run");
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toBe("release: there are changes that are not committed:\nM CHANGELOG.md\n");
  });

  test("leaves all as it was where the package does not work", async () => {
    writeFileSync(at("dist/index.js"), "export const scorePicks = 1;\n");
    git("commit", "--quiet", "--all", "--message", "broken");
    const { code, stderr } = await release("0.2.0");
    expect({
      code,
      log: git("log", "-1", "--format=%s"),
      tags: git("tag"),
      status: git("status", "--porcelain"),
    }).toEqual({
      code: 1,
      log: "broken",
      tags: "",
      status: "",
    });
    expect(stderr).toContain("scorePicks is number, wanted a function");
  });
});
