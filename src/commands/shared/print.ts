/** The one place that writes text to the terminal: whatever came from files and servers is made printable there. */

import { printable } from "../../present/printable.js";
import { withAddresses } from "../../system/paths/cacheFolder.js";
import { withCodes } from "./style.js";

type Output = "stdout" | "stderr";

/** Writes lines to a stream. Of escape sequences only the program's own colours are left. */
export function print(output: Output, lines: string): void {
  process[output].write(`${withCodes(lines, printable)}\n`);
}

/** Takes away what the terminal shows in the cursor's line. */
const clearLine = "\r\u001b[2K";

/**
 * Writes lines of their own to stderr: over a bar or an echoed ^C, which the next step of the bar shows again below. Files
 * that were fetched are named by their address.
 */
export const printLine = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(clearLine);
  print("stderr", withAddresses(line));
};
