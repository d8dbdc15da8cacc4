/** The desktop of the user, where there is one. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Opens an address in the user's browser; where there is no desktop or no opener, nothing happens. The address is handed
 * over in a file that the user alone may read: all users of a machine can see the arguments of processes.
 *
 * @param address of this program's own, without characters that HTML escapes
 * @returns what removes the file
 */
export function openInBrowser(address: string): () => void {
  const opener = openerHere();
  if (opener === undefined) return () => {};
  const folder = mkdtempSync(join(tmpdir(), "pickbench-"));
  const page = join(folder, "studio.html");
  writeFileSync(page, `<!doctype html><meta http-equiv="refresh" content="0;url=${address}">\n`, {
    mode: 0o600,
  });
  const [program, ...before] = opener;
  const child = spawn(program!, [...before, page], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
  return () => rmSync(folder, { recursive: true, force: true });
}

function openerHere(): readonly string[] | undefined {
  const { platform, env } = process;
  if (env.CI !== undefined || env.SSH_CONNECTION !== undefined) return undefined;
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["cmd", "/c", "start", ""];
  return env.DISPLAY !== undefined || env.WAYLAND_DISPLAY !== undefined ? ["xdg-open"] : undefined;
}
