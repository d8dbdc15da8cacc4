/** What a manifest's `distribution` lists, and how a manifest is refused. */
import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";

const oneOrMany = z.union([z.string(), z.array(z.string())]);
const reference = z.union([z.string(), z.looseObject({ "@id": z.string() })]);

export const resourceSchema = z.looseObject({
  "@type": z.string().optional(),
  "@id": z.string().optional(),
  contentUrl: z.string().optional(),
  contentSize: z.union([z.string(), z.number()]).optional(),
  encodingFormat: oneOrMany.optional(),
  sha256: z.string().optional(),
  containedIn: z.union([reference, z.array(reference)]).optional(),
  includes: oneOrMany.optional(),
  excludes: oneOrMany.optional(),
});

/** A file or a set of files. */
export type Resource = z.infer<typeof resourceSchema>;

export const refusal = (place: string, why: string): PickbenchError =>
  new PickbenchError("BadDataset", `${place}: ${why}`, { path: place });

/** Returns a SHA-256 as hashes are compared; undefined where none is stated. @throws PickbenchError BadDataset for another text */
export function checkedHash(place: string, file: string, sha256: string | undefined): string | undefined {
  if (sha256 === undefined || sha256 === "") return undefined;
  if (/^[0-9a-f]{64}$/i.test(sha256)) return sha256.toLowerCase();
  throw refusal(
    place,
    `the SHA-256 of ${file} is ${JSON.stringify(sha256.slice(0, 70))}, wanted 64 hexadecimal digits; write the manifest anew`,
  );
}
