/** The version of this package. */
import { createRequire } from "node:module";

/** Returns the version of the package that this file belongs to, wherever it is called from. */
export const ownVersion = (): string =>
  (createRequire(import.meta.url)("../../package.json") as { readonly version: string }).version;
