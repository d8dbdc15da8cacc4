/** The table of commands as workflows know it. */
import type { CommandCatalogue } from "../../workflow/catalogue.js";
import type { TableEntry } from "../shared/describe.js";
import { subsetFiles } from "../shared/making/namedInside.js";
import { elsewhere, isOwnName, withAllNamed } from "../shared/making.js";

/** What mask adds to an area or takes out of it, among the maps: FEATURE:THRESHOLD, with ! before it or not. */
const areaRule = /^!?[^/\\]+:-?[\d.]/;

/** Makes the catalogue of a table; a command's file is loaded when it is asked for. */
export const catalogueOf = (table: Readonly<Record<string, TableEntry>>): CommandCatalogue => ({
  names: Object.keys(table),
  async form(name) {
    const { command } = await table[name]!.load();
    const { positionals, options } = command.definitions();
    const { reads, ...written } = command.files;
    return { positionals, options, ...written, reads: reads.filter((each) => !elsewhere.includes(each)) };
  },
  inputs: async (reads, runs) =>
    withAllNamed([...reads, ...(await subsetFiles(runs)).map((path) => ({ option: "runs", path }))]),
  isName: async (command, argument, word) =>
    (command === "mask" && argument === "maps" && areaRule.test(word)) || (await isOwnName(argument, word)),
});
