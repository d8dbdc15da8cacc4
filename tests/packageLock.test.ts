// npm runs the install scripts that a lock file announces; ours announces none, so that the registry is all that npm ci needs.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Lock {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
}

it("no dependency's install script is announced: npm would run it, and onnxruntime-node's downloads CUDA", () => {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lock;
  expect(packages["node_modules/onnxruntime-node"]).toBeDefined();
  const announced = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript);
  expect(
    announced.map(([path]) => path),
    'take the lines "hasInstallScript" out of package-lock.json',
  ).toEqual([]);
});
