#!/usr/bin/env node
// Starts the command line. Install scripts are off and the sources are TypeScript, so the first start builds dist/.
import { fileURLToPath } from "node:url";
import { build, isStale, removeLeftovers } from "./build.js";

if (isStale()) {
  try {
    await build();
  } catch (error) {
    const place = fileURLToPath(new URL("../dist", import.meta.url));
    console.error(
      `pickbench: cannot build ${place} (${error.errors?.[0]?.text ?? error.message}); start it once as a user who may write there`,
    );
    process.exit(1);
  }
} else removeLeftovers();
const { start } = await import("../dist/cli.js");
await start(process.argv.slice(2));
