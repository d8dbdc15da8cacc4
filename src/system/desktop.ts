/** The desktop of the user, where there is one. */
import { spawn } from "node:child_process";

/** Opens an address in the user's browser; where there is no desktop or no opener, nothing happens. */
export function openInBrowser(address: string): void {
  const opener = openerHere();
  if (opener === undefined) return;
  const [program, ...before] = opener;
  const child = spawn(program!, [...before, address], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

function openerHere(): readonly string[] | undefined {
  const { platform, env } = process;
  if (env.CI !== undefined || env.SSH_CONNECTION !== undefined) return undefined;
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["cmd", "/c", "start", ""];
  return env.DISPLAY !== undefined || env.WAYLAND_DISPLAY !== undefined ? ["xdg-open"] : undefined;
}
