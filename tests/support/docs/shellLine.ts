// Splits a line of a document's shell block into words as a shell does: quotes, comments and file patterns.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Returns the words of one line; none for a line that is empty or a comment. Words with `*` outside of quotes become
 * the sorted paths that match in `folder`.
 *
 * @throws Error for what is more than words: pipes, variables, several commands
 */
export function wordsOf(line: string, folder: string): string[] {
  const words: string[] = [];
  let rest = line.trimStart();
  while (rest !== "" && !rest.startsWith("#")) {
    const [word] = /^(?:"[^"]*"|'[^']*'|[^\s"'])+/.exec(rest)!;
    const plain = word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2");
    if (word === plain && /[|&;<>$`\\]/.test(word))
      throw new Error(`${JSON.stringify(word)} is not a plain word of a command`);
    words.push(...(word === plain && word.includes("*") ? matching(word, folder) : [plain]));
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}

function matching(pattern: string, folder: string): string[] {
  const found = pattern.split("/").reduce<string[]>(
    (paths, part) => {
      if (!part.includes("*")) return paths.map((path) => join(path, part));
      const like = new RegExp(`^${part.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
      return paths.flatMap((path) =>
        readdirSync(join(folder, path))
          .filter((name) => like.test(name))
          .sort()
          .map((name) => join(path, name)),
      );
    },
    [""],
  );
  const there = found.filter((path) => existsSync(join(folder, path)));
  if (there.length === 0) throw new Error(`nothing is called like ${pattern}`);
  return there;
}
