#!/usr/bin/env node
// Starts the command line. Install scripts are off and the sources are TypeScript, so the first start builds dist/.
import { fileURLToPath } from "node:url";
import { build, isStale } from "./build.js";

if (await isStale()) {
  try {
    await build();
  } catch (error) {
    const place = fileURLToPath(new URL("../dist", import.meta.url));
    console.error(
      `pickbench: cannot build ${place} (${error.message}); start it once as a user who may write there`,
    );
    process.exit(2);
  }
}
// A reader that has seen enough, such as head, closes the pipe: there is nobody left to write to.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
const { main } = await import("../dist/cli.js");
await main(process.argv.slice(2));
