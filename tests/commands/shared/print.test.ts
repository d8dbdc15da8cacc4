/** Names from files and servers never reach the terminal as escape sequences; the program's own colours do. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { print } from "../../../src/commands/shared/print.js";
import { startProgress } from "../../../src/commands/shared/progress.js";
import { styleFor } from "../../../src/commands/shared/style.js";
import { terminalReporter } from "../../../src/commands/shared/terminal.js";
import { angstrom } from "../../../src/domain/units.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { pickbench } from "../../support/commandLine.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

/** Colours, a window's title, C1 forms, a bar's own return, text turned round. */
const evil = "\u001b[31mRED\u001b]0;pwn\u0007\u009b2J\u008d\r\u007f\b\u202eexe";
const shown = "\\u001b[31mRED\\u001b]0;pwn\\u0007\\u009b2J\\u008d\\u000d\\u007f\\u0008\\u202eexe";
const obeyed = /(?![\t\n])\p{Cc}|[\u202a-\u202e]/u;
/** What the bars themselves send: cursor and line. */
const ofBars = /\p{Cc}\[(?:\?25[lh]|\?7[lh]|\d?[KJG]|\d*[ABCD])|\p{Cc}[78]|\r/gu;

afterEach(() => {
  vi.restoreAllMocks();
});

function written(stream: "stdout" | "stderr", isTTY: boolean): () => string {
  let text = "";
  vi.spyOn(process[stream], "write").mockImplementation((piece) => {
    text += String(piece);
    return true;
  });
  const before = Object.getOwnPropertyDescriptor(process[stream], "isTTY");
  Object.defineProperty(process[stream], "isTTY", { value: isTTY, configurable: true });
  onTestFinished(() => {
    Object.defineProperty(process[stream], "isTTY", before ?? { value: undefined, configurable: true });
  });
  return () => text;
}

test("own colours stay on a terminal, those of a name do not, wherever they stand", () => {
  const text = written("stdout", true);
  const { bold } = styleFor(process.stdout, {});
  print("stdout", `${bold(evil)} ${evil}`);
  expect(text()).toBe(`\u001b[1m${shown}\u001b[22m ${shown}\n`);
});

test.each([true, false])("notes, steps and bars, on a terminal: %s", (isTTY) => {
  const text = written("stderr", isTTY);
  terminalReporter().note(evil);
  const progress = startProgress(evil, 2, "files");
  progress.say(evil);
  progress.update(2, `${evil}\nline`);
  progress.stop();
  expect(text()).toContain(shown);
  const rest = text().replace(ofBars, "");
  expect(rest).not.toMatch(obeyed);
  expect(rest).not.toContain("\nline");
});

async function hostilePortal(): Promise<string> {
  const row = { id: 1, title: `${evil}\nforged line`, organismName: `o\n${evil}`, fileSize: 1 };
  const server = createServer((_, response) => response.end(JSON.stringify({ data: { datasets: [row] } })));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const csv = (type: string, run: string): string =>
  `id,experiment,particle_type,x,y,z\n0,${run},${type},1,2,3\n`;

/** Command lines that show a name from a file, a folder or a server. */
const places: readonly (readonly [string, () => Promise<string[]> | string[]])[] = [
  ["portal find", async () => ["portal", "find", "--limit", "1", "--api", await hostilePortal()]],
  [
    "portal find --json",
    async () => ["portal", "find", "--limit", "1", "--json", "--api", await hostilePortal()],
  ],
  [
    "inspect",
    async () => {
      const folder = temporaryFolder();
      const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
      const writer = await createMrc(join(folder, `TS${evil.replaceAll("/", "")}.mrc`), {
        shape: [2, 2, 2],
        spacing,
      });
      await writer.writeSlab(0, new Float32Array(8));
      await writer.close();
      return ["inspect", "--data", folder];
    },
  ],
  ["an error's path", () => ["inspect", "--data", `/nowhere/${evil}`]],
  ["a command", () => [evil]],
  ["a flag", () => ["score", "a.csv", "--truth", "b.csv", `--${evil}`]],
  [
    "a row of a CSV",
    () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "a.csv"), csv(evil, "TS_1"));
      mkdirSync(join(folder, "truth"));
      return ["score", join(folder, "a.csv"), "--truth", join(folder, "a.csv")];
    },
  ],
];

test.each(places)("%s", async (_name, args) => {
  const { stdout, stderr } = await pickbench(...(await args()));
  expect(stdout + stderr).toContain("\\u001b");
  expect(stdout + stderr).not.toMatch(obeyed);
  expect(stdout + stderr).not.toMatch(/^forged/m);
});
