// Takes a lock when told to and holds it until told to let go; says whether it got it.
import { pathToFileURL } from "node:url";

const { withLock } = await import(pathToFileURL(process.argv[2]).href);
let release = () => {};

process.on("message", async ({ take, letGo }) => {
  if (letGo) return release();
  await withLock(take, "the run", () => {
    process.send({ result: "held" });
    return new Promise((resolve) => {
      release = resolve;
    });
  }).then(
    () => process.send({ result: "let go" }),
    ({ message }) => process.send({ result: message }),
  );
});
process.send({ result: "ready" });
