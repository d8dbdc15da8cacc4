/** The table of commands as workflows know it. */
import type { CommandCatalogue } from "../../workflow/catalogue.js";
import type { TableEntry } from "../shared/describe.js";
import { isModelName } from "../shared/making.js";

/** Arguments that take names and addresses of what lies elsewhere. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  fetch: ["url"],
  portal: ["target"],
  models: ["name"],
};

/** Makes the catalogue of a table; a command's file is loaded when it is asked for. */
export const catalogueOf = (table: Readonly<Record<string, TableEntry>>): CommandCatalogue => ({
  names: Object.keys(table),
  async form(name) {
    const { command } = await table[name]!.load();
    const { positionals, options } = command.definitions();
    return { positionals, options, ...command.files };
  },
  isName: async (command, argument, word) =>
    elsewhere[command]?.includes(argument) === true || (await isModelName(argument, word)),
});
