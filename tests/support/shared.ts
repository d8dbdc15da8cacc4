/** Folders of real data beside the checkout, where present. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = (name: string) => fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url));

/** Small real files of other programs. */
export const formatsFolder = folder("formats");
/** All picks of the challenge's seven training runs. */
export const truthFolder = folder("czii-truth/train");
export const hasShared = existsSync(formatsFolder) && existsSync(truthFolder);
