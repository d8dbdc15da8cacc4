/** The command line as a program that other processes run. */
import { fileURLToPath } from "node:url";

/** Path of the script of the command line. */
export const ownProgram = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));
