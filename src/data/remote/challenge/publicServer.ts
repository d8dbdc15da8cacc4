/** Addresses of public servers, which tests alone may replace: by one on this machine, so that no token can be led elsewhere. */
import { PickbenchError } from "../../../system/errors.js";

/**
 * Returns a server's address, or the one that an environment variable names.
 *
 * @throws PickbenchError BadUsage where the variable names anything but this machine
 */
export function serverOrTest(usual: string, variable: string): string {
  const given = process.env[variable];
  if (given === undefined || given === "") return usual;
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  const isHere = parsed !== undefined && /^(127\.0\.0\.1|\[::1\])$/.test(parsed.hostname);
  if (isHere && parsed.protocol === "http:" && parsed.username === "" && parsed.password === "")
    return given.replace(/\/+$/, "");
  throw new PickbenchError(
    "BadUsage",
    `the environment variable ${variable} is for tests and names a server on this machine alone, such as http://127.0.0.1:8080; unset it`,
  );
}
