import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { coloursOf, rgbOf } from "../../src/features/set/colours.js";
import {
  checkFeatureSet,
  featureSetHash,
  featureSetYaml,
  readFeatureSet,
} from "../../src/features/set/featureSet.js";

const folder = mkdtempSync(join(tmpdir(), "features-"));
const file = (text: string): string => {
  const path = join(folder, "set.yaml");
  writeFileSync(path, text);
  return path;
};
const messageOf = (content: unknown): string => {
  try {
    checkFeatureSet(content, "set.yaml");
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
};

describe("a feature set", () => {
  test("is read with its defaults, and paths from its own folder", async () => {
    const set = await readFeatureSet(
      file(`
features:
  - name: membrane
    model: cell
    emit: true
    absorb: true
  - name: carbon
    maps: maps/carbon
    colour: "#AABBCC"
    channel: film
    picking: { minSpacing: 80 }
interactions:
  - { feature: membrane, type: avoid, with: carbon, radius: 300 }
`),
    );
    expect(set.features[0]).toMatchObject({ model: "cell", threshold: 0.5, emit: true, absorb: true });
    expect(set.features[1]).toMatchObject({
      maps: relative(".", join(folder, "maps/carbon")),
      picking: { method: "watershed", minSpacing: 80 },
      mesh: { dust: 0, smooth: 0 },
    });
    expect(set.interactions).toEqual([
      { feature: "membrane", type: "avoid", with: "carbon", radius: 300, threshold: 0.5 },
    ]);
    expect(set.identity).toEqual({ unknown: 0.33, blur: 0, priorities: [] });
    expect(set.mode).toBe("exact");
    expect([...coloursOf(set)]).toEqual([
      ["membrane", "#e6194b"],
      ["carbon", "#aabbcc"],
    ]);
    expect(rgbOf("#4363d8")).toEqual([0x43, 0x63, 0xd8]);
  });

  test("is written as YAML that reads as the same, without defaults", async () => {
    const text =
      "features: [{ name: a, maps: m, emit: true }, { name: b, model: cell, output: membrane }]\nmode: ais\n";
    const set = await readFeatureSet(file(text));
    const written = featureSetYaml(set, folder, ["made by hand"]);
    expect(written).toMatch(/^# made by hand\n/);
    expect(parse(written)).toEqual(parse(text));
    const again = await readFeatureSet(file(written));
    expect(again).toEqual(set);
    expect(featureSetHash(again)).toBe(featureSetHash(set));
    expect(featureSetHash({ ...set, mode: "exact" })).not.toBe(featureSetHash(set));
  });

  test("names all mistakes at once, with what was meant", () => {
    const text = messageOf({
      features: [{ name: "a", maps: "m", colour: "red", treshold: 0.4 }, { name: "b" }],
      interaction: [],
    });
    expect(text).toMatch(/^set\.yaml: 3 mistakes/);
    expect(text).toContain("unknown key interaction; did you mean interactions?");
    expect(text).toContain("unknown key features.0.treshold; did you mean features.0.threshold?");
    expect(text).toContain('features.0.colour: got "red", wanted a colour such as "#4363d8", in quotes');
  });

  test("refuses names that are unknown, doubled, or a feature's own", () => {
    const features = [
      { name: "membrane", maps: "m" },
      { name: "carbon", maps: "m", model: "cell" },
      { name: "carbon", model: "cell", scale: 2 },
      { name: "ice" },
      { name: "a/b", maps: "m" },
      { name: "Unknown", maps: "m" },
    ];
    const rule = { feature: "membrane", type: "avoid", with: "carbn", radius: 10 };
    const text = messageOf({
      features,
      interactions: [rule, rule, { ...rule, with: "membrane" }],
      identity: { priorities: ["icy"] },
    });
    expect(text.split("\n").slice(1)).toEqual([
      "  features: carbon stands there several times; name each once",
      "  features.1: carbon has both model and maps; wanted one of them",
      "  features.2.scale: carbon comes from a model, which has no scale; leave it out",
      "  features.3: ice has neither model nor maps; wanted one of them",
      '  features.4.name: "a/b" cannot name a feature: it holds a slash; name it otherwise',
      '  features.5.name: "Unknown" cannot name a feature: it means no feature; name it otherwise',
      '  interactions.0.with: there is no feature "carbn"; did you mean carbon?',
      '  interactions.1.with: there is no feature "carbn"; did you mean carbon?',
      "  interactions.1: says what interactions.0 says; leave one out",
      "  interactions.2: membrane interacts with itself; wanted two features",
      '  identity.priorities.0: there is no feature "icy"; did you mean ice?',
    ]);
  });

  test("refuses what is no YAML, nothing, and a file that is not there", async () => {
    await expect(readFeatureSet(file("features: ["))).rejects.toThrow(/line 1 is not valid YAML/);
    await expect(readFeatureSet(file(""))).rejects.toThrow(/the file: got null, wanted/);
    await expect(readFeatureSet(join(folder, "none.yaml"))).rejects.toThrow(/it does not exist/);
  });
});
