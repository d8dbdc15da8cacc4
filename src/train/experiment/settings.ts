/** `--set KEY.PATH=VALUE`: values set over an experiment's file, as if they stood there. */
import type { Document } from "yaml";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { keysAt, meantKey } from "../../system/schema/keys.js";
import { yamlDocument } from "../../system/schema/yaml.js";
import { placeAt } from "./placeAt.js";
import { experimentSchema } from "./schema.js";
import { namesAsText } from "./yamlNames.js";

/**
 * Returns a file's content with values at their paths; mappings that are missing on the way are made, positions of lists
 * count from 0.
 *
 * @param settings KEY.PATH=VALUE each, the value as YAML
 * @throws BadUsage for one that is not written so, or whose key there is not
 */
export function withSettings(content: object, settings: readonly string[]): Record<string, unknown> {
  const whole = structuredClone(content) as Record<string, unknown>;
  for (const setting of settings) place(whole, setting);
  return whole;
}

function place(content: Record<string, unknown>, setting: string): void {
  const [, path, text] = /^([^=\s]+)=(.*)$/s.exec(setting) ?? [];
  if (path === undefined || text === undefined)
    throw wrong(setting, "wanted KEY.PATH=VALUE, such as optimiser.rate=1e-3");
  checkKeys(setting, path, path.split("."));
  placeAt(content, path, yamlValue(setting, path, text), ({ at, key, found }) => {
    if (found !== undefined && found !== null)
      throw wrong(
        setting,
        `${key} is ${JSON.stringify(found)} in the file and has no keys; set ${key} as a whole`,
      );
    if (Array.isArray(at) && found === undefined)
      throw wrong(setting, `there is no ${key} in a list of ${at.length}; positions count from 0`);
    return {};
  });
}

function checkKeys(setting: string, path: string, keys: readonly string[]): void {
  for (const [depth, key] of keys.entries()) {
    const parent = keys.slice(0, depth);
    const known = keysAt(experimentSchema, parent);
    if (/^\d+$/.test(key) || known.includes(key)) continue;
    const meant = meantKey(experimentSchema, parent, key);
    const rest = keys.slice(depth + 1);
    const advice =
      meant === undefined
        ? "pickbench experiment new writes all keys"
        : `did you mean ${[meant, ...rest].join(".")}?`;
    throw wrong(setting, `an experiment has no key ${path}; ${advice}`);
  }
}

function yamlValue(setting: string, path: string, text: string): unknown {
  const document = documentOf(setting, text);
  const [broken] = document.errors;
  if (broken) throw wrong(setting, `its value is not YAML (${messageOf(broken).split("\n")[0]})`, broken);
  namesAsText(document, path.split("."));
  return document.toJS() as unknown;
}

function documentOf(setting: string, text: string): Document {
  try {
    return yamlDocument(text);
  } catch (error) {
    throw error instanceof RangeError ? wrong(setting, error.message, error) : error;
  }
}

const wrong = (setting: string, why: string, cause?: unknown): PickbenchError =>
  new PickbenchError("BadUsage", `--set ${setting}: ${why}`, { cause });
