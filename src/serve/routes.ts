/** Tables of routes: which function answers which path. */
import type { Asked, Method, Reply } from "./message.js";
import { nothing } from "./message.js";

/** A request to a route, with what its path names. */
export interface Call extends Asked {
  /** Names in the path by the words of the route: `run` of `/api/runs/:run`. */
  readonly params: Readonly<Record<string, string>>;
}

/** A path and what answers it. */
export interface Route {
  readonly method: Method;
  /** Names after slashes; one that begins with a colon stands for any, the last with a star for all that follow. */
  readonly path: string;
  answer(call: Call): Promise<Reply>;
  /** Lists what its path may name, one entry a file, where a still copy is to have its answers. */
  still?(): Promise<readonly Readonly<Record<string, string>>[]>;
}

/** Returns what answers by the first route that fits; a path without one has nothing. */
export function routed(routes: readonly Route[]): (asked: Asked) => Promise<Reply> {
  const table = routes.map((route) => ({ route, words: route.path.split("/").filter(Boolean) }));
  return async (asked) => {
    for (const { route, words } of table) {
      const params = route.method === asked.method ? paramsOf(words, asked.names) : undefined;
      if (params) return route.answer({ ...asked, params });
    }
    return nothing;
  };
}

function paramsOf(words: readonly string[], names: readonly string[]): Record<string, string> | undefined {
  const isOpen = words.at(-1) === "*";
  const fixed = isOpen ? words.slice(0, -1) : words;
  const isFull = isOpen ? names.length > fixed.length : names.length === fixed.length;
  if (!isFull) return undefined;
  const params: Record<string, string> = {};
  for (const [at, word] of fixed.entries()) {
    const name = names[at]!;
    if (word.startsWith(":")) params[word.slice(1)] = name;
    else if (word !== name) return undefined;
  }
  return params;
}

/** Returns the names of a route's path with what they stand for. */
export const namesFor = ({ path }: Route, params: Readonly<Record<string, string>>): string[] =>
  path
    .split("/")
    .filter(Boolean)
    .map((word) => (word.startsWith(":") ? params[word.slice(1)]! : word));
