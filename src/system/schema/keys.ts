/** The keys that a schema knows, read from the schema itself: what a misspelt one is held against. */
import type { z } from "zod";
import { nearest } from "../nearest.js";

type Path = readonly PropertyKey[];

/** Returns the keys of the mappings that a schema allows at a path, whatever the alternatives. */
export function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  return [...new Set(mappingsAt(schema, path).flatMap((shape) => Object.keys(shape)))];
}

/**
 * Returns the key that was meant by one that there is not, as a dotted path: a neighbour, else one of that name
 * elsewhere; of several there, the one in a mapping that every experiment has.
 */
export function meantKey(schema: z.core.$ZodType, parent: Path, key: string): string | undefined {
  const dotted = (names: Path) => names.map(String).join(".");
  const neighbour = nearest(key, keysAt(schema, parent));
  if (neighbour !== undefined) return dotted([...parent, neighbour]);
  const elsewhere = allKeys(schema).filter((path) => path.at(-1) === key);
  const shapes = mappingsAt(schema, []);
  const isAlways = ([top]: Path) => shapes.some((shape) => shape[String(top)]?._zod.def.type !== "optional");
  const [meant, ...others] = elsewhere.length > 1 ? elsewhere.filter(isAlways) : elsewhere;
  return meant !== undefined && others.length === 0 ? dotted(meant) : undefined;
}

/** Returns every key that a schema knows, as paths without the positions of lists. */
export function allKeys(schema: z.core.$ZodType, above: Path = []): Path[] {
  const paths = mappingsAt(schema, []).flatMap((shape) =>
    Object.entries(shape).flatMap(([key, inner]) => [[...above, key], ...allKeys(inner, [...above, key])]),
  );
  const items = alternatives(schema).flatMap((each) =>
    each._zod.def.type === "array" ? [elementOf(each)] : [],
  );
  return [...paths, ...items.flatMap((item) => allKeys(item, above))];
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

function mappingsAt(schema: z.core.$ZodType, path: Path): Shape[] {
  const [key, ...rest] = path;
  const here = alternatives(schema);
  if (key === undefined) return here.map(shapeOf).filter((shape) => shape !== undefined);
  return here.flatMap((each) => {
    const inner =
      typeof key === "number" || /^\d+$/.test(String(key))
        ? elementIn(each)
        : (shapeOf(each)?.[String(key)] ?? valueIn(each));
    return inner ? mappingsAt(inner, rest) : [];
  });
}

const shapeOf = (schema: z.core.$ZodType): Shape | undefined =>
  schema._zod.def.type === "object" ? (schema as z.core.$ZodObject)._zod.def.shape : undefined;

const elementOf = (schema: z.core.$ZodType): z.core.$ZodType => (schema as z.core.$ZodArray)._zod.def.element;

const elementIn = (schema: z.core.$ZodType): z.core.$ZodType | undefined =>
  schema._zod.def.type === "array" ? elementOf(schema) : undefined;

/** The schema of what stands under any name. */
const valueIn = (schema: z.core.$ZodType): z.core.$ZodType | undefined =>
  schema._zod.def.type === "record" ? (schema as z.core.$ZodRecord)._zod.def.valueType : undefined;

/** A schema without its default, and each of a union's own. */
function alternatives(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = schema._zod;
  if (def.type === "union") return (schema as z.core.$ZodUnion)._zod.def.options.flatMap(alternatives);
  if ("innerType" in def) return alternatives(def.innerType as z.core.$ZodType);
  return [schema];
}
