/** A server may send a request on, but not into the user's machine or network, nor with a name and password. */
import { expect, test } from "vitest";
import { parseAddress } from "../../../src/data/remote/address.js";
import { redirectFault } from "../../../src/data/remote/redirects.js";

const names: Readonly<Record<string, readonly string[]>> = {
  "example.org": ["93.184.216.34"],
  "cdn.example.net": ["93.184.216.35", "2606:2800:220:1::1"],
  "inside.example.org": ["10.1.2.3"],
  "rebound.example.org": ["93.184.216.34", "127.0.0.1"],
};
const resolve = async (name: string) => names[name] ?? [];
const fault = (from: string, to: string) => redirectFault(new URL(from), new URL(to), resolve);

test.each([
  ["https://example.org/a", "https://example.org/b"],
  ["https://example.org/a", "https://cdn.example.net/b"],
  ["http://example.org/a", "http://cdn.example.net/b"],
  ["http://example.org/a", "https://cdn.example.net/b"],
  ["http://127.0.0.1:1/a", "http://127.0.0.1:2/b"],
  ["http://10.0.0.1/a", "http://192.168.0.9/b"],
  ["http://localhost/a", "http://example.org/b"],
])("%s to %s is followed", async (from, to) => {
  expect(await fault(from, to)).toBeUndefined();
});

test.each([
  ["https://example.org/a", "http://example.org/a"],
  ["https://example.org/a", "file:///etc/passwd"],
  ["http://example.org/a", "ftp://example.org/a"],
  ["http://example.org/a", "data:text/plain,hello"],
  ["http://example.org/a", "http://user:pw@example.org/a"],
  ["http://example.org/a", "http://:pw@example.org/a"],
  ["http://example.org/a", "http://127.0.0.1/a"],
  ["http://example.org/a", "http://127.1/a"],
  ["http://example.org/a", "http://2130706433/a"],
  ["http://example.org/a", "http://0.0.0.0/a"],
  ["http://example.org/a", "http://localhost:8080/a"],
  ["http://example.org/a", "http://x.localhost/a"],
  ["http://example.org/a", "http://[::1]/a"],
  ["http://example.org/a", "http://[::ffff:127.0.0.1]/a"],
  ["http://example.org/a", "http://[fe80::1]/a"],
  ["http://example.org/a", "http://169.254.169.254/latest/meta-data"],
  ["http://example.org/a", "http://192.168.1.1/a"],
  ["http://example.org/a", "http://inside.example.org/a"],
  ["http://example.org/a", "http://rebound.example.org/a"],
  ["http://10.0.0.1/a", "http://127.0.0.1/a"],
])("%s to %s is not", async (from, to) => {
  expect(await fault(from, to)).toMatch(/not followed$/);
});

test("an address with a password is refused without being repeated", () => {
  for (const given of ["https://me:secret@example.org/x", "https://:secret@example.org/x"])
    expect(() => parseAddress(given)).toThrow(/^(?!.*secret).*not a plain address/);
  expect(() => parseAddress("https://example.org/%zz/x")).toThrow(/a % in it begins no encoded character/);
});
