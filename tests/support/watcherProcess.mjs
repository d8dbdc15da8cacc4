// A watcher of its own, for tests: `node watcherProcess.mjs DATA OUT LINES MS`, ended by a stop file.
import { fileURLToPath } from "node:url";
import { systemClock } from "../../dist/system/clock.js";
import { withLock } from "../../dist/system/lock.js";
import { silentReporter } from "../../dist/system/reporter.js";
import { arrivalsIn } from "../../dist/watch/arrivals.js";
import { processJob } from "../../dist/watch/processes.js";
import { watchFolder } from "../../dist/watch/watcher.js";

const [data, out, lines, ms] = process.argv.slice(2);
const work = fileURLToPath(new URL("watchedWork.mjs", import.meta.url));
const settings = {
  ...{
    data,
    out,
    workflow: { path: "none", sha256: "0" },
    fields: {},
    every: 150,
    idle: undefined,
    jobs: 4,
    isTogether: false,
  },
  ...{ tries: 3, settle: 3000, doneSuffix: undefined, againChanged: false, once: false, quiet: true },
};
await withLock(`${out}/watch.lock`, out, () =>
  watchFolder(settings, {
    ...{
      clock: systemClock,
      reporter: silentReporter,
      arrivals: () => arrivalsIn(data, {}),
      show: async () => {},
    },
    job: processJob(({ out: folder }) => [process.execPath, work, folder, lines, ms]),
  }),
);
