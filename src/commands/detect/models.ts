/** pickbench models: the trained networks that come along. */
import { wordTable } from "../../present/text.js";
import { type Model, modelNames, ownModels, readModelCard } from "../../train/checkpoint/models.js";
import { defineCommand, report } from "../shared/command.js";

export const command = defineCommand({
  usage: "[name]",
  options: (argv) =>
    argv
      .positional("name", {
        type: "string",
        describe: "the model whose card is printed; all are listed if absent",
      })
      .option("folder", { type: "string", describe: "folder of models; the package's own if absent" })
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 models", "names to give to --from, submit, predict, export and ensemble"),
  run: async ({ name, folder = ownModels, json }) => {
    if (name !== undefined) {
      const model = await readModelCard(name, folder);
      report(json, described(model), () => cardText(model));
      return;
    }
    const models = await Promise.all((await modelNames(folder)).map((each) => readModelCard(each, folder)));
    report(json, { models: models.map(described) }, () => listText(models));
  },
});

const described = ({ card, path, bytes }: Model) => ({ ...card, path, bytes });

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const listText = (models: readonly Model[]): string =>
  models.length === 0
    ? "no models come along with this package"
    : wordTable([
        ["name", "size", "what it is"],
        ...models.map(({ card, bytes }) => [card.name, mebibytes(bytes), card.title]),
      ]);

function cardText({ card, path, bytes }: Model): string {
  const scores = card.scores.map(({ of, metric, value }) => `${metric} ${value} on ${of}`);
  const rows = [
    ["made of", card.madeOf],
    ...card.commands.map((command, at) => [at === 0 ? "made by" : "", command]),
    ...scores.map((score, at) => [at === 0 ? "scores" : "", score]),
    ["for", card.use],
    ["licence", card.licence],
    ...card.credits.map((credit, at) => [at === 0 ? "credits" : "", credit]),
    ["file", `${path}, ${mebibytes(bytes)}`],
  ];
  const lines = (rows as [string, string][]).map(([key, value]) => `${key.padEnd(8)}  ${value}`);
  return [`${card.name}: ${card.title}`, "", ...lines].join("\n");
}
