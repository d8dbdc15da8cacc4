import { createRequire } from "node:module";

/** Of the package that this file belongs to, wherever it is called from. */
export const ownVersion = (): string =>
  (createRequire(import.meta.url)("../../package.json") as { readonly version: string }).version;
