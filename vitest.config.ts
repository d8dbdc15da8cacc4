import { configDefaults, defineConfig } from "vitest/config";

/** Tests that start processes, worker threads, Python or a browser, or compute with networks for many seconds. */
const whole = "tests/**/*.whole.test.ts";

/** Campaigns of faults: they kill, starve, mutate and attack, and print what came of it. `npm run test:faults` does all. */
const faults = "tests/**/*.faults.test.ts";

const shared = {
  setupFiles: ["tests/support/quietStreams.ts"],
  // No test is about time: the limits only end one that hangs, on a machine as busy as it may be.
  testTimeout: 900_000,
  hookTimeout: 900_000,
  expect: { poll: { timeout: 600_000 } },
  // The built command line and its worker threads are run as they stand.
  server: { deps: { external: [/\/dist\//] } },
};

export default defineConfig({
  test: {
    globalSetup: ["tests/support/build.ts"],
    maxWorkers: "100%",
    silent: "passed-only",
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          setupFiles: [...shared.setupFiles, "tests/support/withinProcess.ts"],
          include: ["tests/**/*.test.ts"],
          exclude: [...configDefaults.exclude, whole, faults],
        },
      },
      { test: { ...shared, name: "whole", include: [whole] } },
      { test: { ...shared, name: "faults", setupFiles: [], include: [faults] } },
    ],
  },
});
