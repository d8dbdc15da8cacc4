import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const cache = join(root, "node_modules", ".cache", "pickbench-tests");

/**
 * A folder that `make` fills, made once for all test files: anew when src/ or the text that says how it is made changes.
 * It is to be copied, not written into.
 */
export async function cached(
  name: string,
  recipe: string,
  make: (out: string) => Promise<void>,
): Promise<string> {
  const { hash } = JSON.parse(await readFile(join(root, "dist", "built-from.json"), "utf8")) as {
    hash: string;
  };
  const key = createHash("sha256").update(`${hash}\n${recipe}`).digest("hex").slice(0, 16);
  const whole = join(cache, `${name}-${key}`);
  if (!existsSync(whole)) await makeAside(whole, make);
  return whole;
}

/** Two files that come first at once make it twice; the later one leaves what the earlier made. */
async function makeAside(whole: string, make: (out: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(whole), { recursive: true });
  const partial = await mkdtemp(`${whole}.`);
  try {
    await make(partial);
  } catch (error) {
    await rm(partial, { recursive: true });
    throw error;
  }
  await rename(partial, whole).catch(async (error: unknown) => {
    if (!existsSync(whole)) throw error;
    await rm(partial, { recursive: true });
  });
  await removeOthers(whole);
}

/** What earlier states of src/ made; what is being made has a name with a dot. */
async function removeOthers(whole: string): Promise<void> {
  const own = whole.slice(dirname(whole).length + 1);
  const name = own.slice(0, own.lastIndexOf("-") + 1);
  for (const each of await readdir(cache))
    if (each.startsWith(name) && each !== own && !each.includes("."))
      await rm(join(cache, each), { recursive: true, force: true });
}
