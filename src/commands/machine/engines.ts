/** pickbench engines: which engines this machine can run. */
import { type Availability, availableEngines } from "../../engines/available.js";
import { defineCommand, report } from "../shared/command.js";

export const command = defineCommand({
  usage: "",
  options: (argv) =>
    argv
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 engines", "try every engine on this machine, and say how to get the others"),
  run: async ({ json }) => {
    const engines = await availableEngines();
    report(json, { engines }, () => enginesText(engines));
  },
});

function enginesText(engines: readonly Availability[]): string {
  const lines = engines.map((found) => {
    const [answer, text] = found.available ? ["yes", found.runsOn] : ["no", found.reason];
    return `${found.engine.padEnd(12)}  ${answer.padEnd(9)}  ${text}`;
  });
  const advice = engines.flatMap((found) => {
    if (!found.available) return [`for ${found.engine}: ${found.enable}`];
    return found.faster ? [`for a faster ${found.engine}: ${found.faster}`] : [];
  });
  return ["engine        available  runs on", ...lines, "", ...advice].join("\n").trimEnd();
}
