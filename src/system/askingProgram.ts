/** Entry of a process that does what its command line says once the process that started it has noted it. */
import { pathToFileURL } from "node:url";
import { ownProgram } from "./program.js";
import { mayGoOn } from "./startedProcess.js";

if (mayGoOn()) {
  process.argv[1] = ownProgram;
  await import(pathToFileURL(ownProgram).href);
} else process.exitCode = 130;
