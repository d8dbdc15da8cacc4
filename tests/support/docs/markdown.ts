// Reads Markdown documents: their fenced blocks with the mark before each, their headings and their links.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of the checkout. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Fenced block of a document. */
export interface Block {
  readonly document: string;
  /** Of the opening fence, from 1 on. */
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
  /** Reason in `<!-- not run: REASON -->` before the fence, which may be empty; null where there is no mark. */
  readonly notRun: string | null;
}

/** Returns the paths of the documents that users read, from the checkout's folder on. */
export function documents(): string[] {
  const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  return [
    "README.md",
    ...pages
      .filter((path) => path.endsWith(".md"))
      .map((path) => join("docs", path))
      .sort(),
    "CONTRIBUTING.md",
  ];
}

export const textOf = (document: string): string => readFileSync(join(root, document), "utf8");

/**
 * Reads the fenced blocks of a document.
 *
 * @throws Error for a fence that is not closed, and for a mark without a block behind it
 */
export function blocksOf(document: string, text: string = textOf(document)): Block[] {
  const blocks: Block[] = [];
  let open: (Omit<Block, "lines"> & { readonly lines: string[] }) | null = null;
  let mark: { readonly reason: string; readonly line: number } | null = null;
  const lost = (what: string, line: number) => new Error(`${document}:${line}: ${what}`);
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^```(\S*)\s*$/.exec(line);
    if (open && fence?.[1] === "") {
      blocks.push(open);
      open = null;
    } else if (open) open.lines.push(line);
    else if (fence) {
      open = { document, line: index + 1, language: fence[1]!, lines: [], notRun: mark?.reason ?? null };
      mark = null;
    } else if (mark) throw lost("a mark has no block on the line after it", mark.line);
    else {
      const marked = /^<!-- not run:?(.*)-->\s*$/.exec(line);
      if (marked) mark = { reason: marked[1]!.trim(), line: index + 1 };
    }
  }
  if (open) throw lost("the block is not closed", open.line);
  if (mark) throw lost("a mark has no block on the line after it", mark.line);
  return blocks;
}

/** Returns the document's lines outside of fenced blocks, as one text. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, "");
}

/** Returns the anchors that GitHub gives a document's headings. */
export function anchorsOf(text: string): Set<string> {
  const counts = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading] of prose(text).matchAll(/^#{1,6}\s+(.*?)\s*$/gm)) {
    const words = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/** Returns the targets of a document's links and pictures. */
export function linksOf(text: string): string[] {
  const plain = prose(text).replace(/`[^`\n]*`/g, "");
  return [...plain.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, target]) => target!);
}
