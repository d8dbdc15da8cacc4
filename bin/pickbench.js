#!/usr/bin/env node
// Starts the command line. Install scripts are off and the sources are TypeScript, so the first start builds dist/.
import { readFileSync } from "node:fs";

let stamp = "";
try {
  stamp = readFileSync(new URL("../dist/built-from.txt", import.meta.url), "utf8");
} catch {}
const { isStale, build } = await import("./build.js");
if (isStale(stamp)) {
  try {
    await build();
  } catch (error) {
    console.error(
      `pickbench: cannot build dist/ beside ${new URL("../src", import.meta.url).pathname}: ${error.message}; start it once as a user who may write there`,
    );
    process.exit(2);
  }
}
const { main } = await import("../dist/cli.js");
await main(process.argv.slice(2));
