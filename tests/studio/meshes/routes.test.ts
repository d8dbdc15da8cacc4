import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { routed } from "../../../src/serve/routes.js";
import { meshRoutes } from "../../../src/studio/meshes/routes.js";
import { openForStudio } from "../../../src/studio/opened.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

test("meshes are opened by their endings, listed by name alone, and sent by number", async () => {
  const folder = temporaryFolder();
  const paths = ["a.glb", "b.OBJ"].map((name) => join(folder, name));
  for (const path of paths) writeFileSync(path, path);
  writeFileSync(join(folder, "LEADERBOARD.md"), "");
  const opened = await openForStudio({
    ...{ paths: [...paths, folder], picks: [], maps: [], reporter: silentReporter, isAnnotating: false },
    ...{ user: "mia", session: "studio", out: "studio" },
  });
  const ask = (...names: string[]) =>
    routed(meshRoutes(opened))({
      ...{ method: "GET", names, query: new URLSearchParams(), headers: {} },
      ...{ body: async () => Buffer.alloc(0), signal: new AbortController().signal },
    });
  const listed = JSON.parse(String((await ask("api", "meshes")).body)) as { id: string; name: string }[];
  expect(listed.map(({ name }) => name)).toEqual(["a.glb", "b.OBJ"]);
  for (const [at, { id }] of listed.entries())
    expect(Buffer.from((await ask("api", "meshes", id)).body as Uint8Array).toString()).toBe(paths[at]);
  for (const name of ["mesh2", "a.glb", "constructor", ".."])
    expect((await ask("api", "meshes", name)).status).toBe(404);
});
