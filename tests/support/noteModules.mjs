// Notes the files that a process loads, with --import: a path a line, in the file that MODULES_FILE names.
import { appendFileSync } from "node:fs";
import nodeModule, { register } from "node:module";
import { pathToFileURL } from "node:url";

const note = (url) => appendFileSync(process.env.MODULES_FILE, `${url}\n`);
const hooks = `
  import { appendFileSync } from "node:fs";
  export async function load(url, context, next) {
    if (url.startsWith("file:")) appendFileSync(process.env.MODULES_FILE, url + "\\n");
    return next(url, context);
  }
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
process.on("exit", () => {
  for (const path of Object.keys(nodeModule._cache)) note(pathToFileURL(path).href);
});
