// Takes libraries of many files into dist/libraries, one file each: it loads in less than half the time. What pickbench's own
// files import from such a library comes from there. The versions are those of package.json, which pins them.
import { join, relative, sep } from "node:path";

/** Libraries that commands load soon after they start. */
const names = ["zod", "yaml", "@duckdb/node-api"];

/** Zod's messages in 60 languages: it comes with the English ones besides, and nothing here asks for others. */
const languages = /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/;

const fileOf = (name) => join("libraries", `${name.replace(/^@/, "").replaceAll("/", "-")}.js`);

/** Leaves all imports of a file as they are, but those of the libraries. @param source folder of src/ */
export const ownImports = (source) => ({
  name: "own-imports",
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ path, kind, resolveDir }) => {
      if (kind === "entry-point") return undefined;
      if (!names.includes(path)) return { path, external: true };
      const found = relative(resolveDir, join(source, fileOf(path))).replaceAll(sep, "/");
      return { path: found.startsWith(".") ? found : `./${found}`, external: true };
    });
  },
});

/** The part of DuckDB that is no JavaScript: found from where its package lies, whatever installed it. */
const bindings = "@duckdb/node-bindings";
const findBindings = `
  const { createRequire } = require("node:module");
  module.exports = createRequire(require.resolve("@duckdb/node-api"))("${bindings}");
`;

const partsApart = {
  name: "parts-apart",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: languages }, () => ({ contents: "export {};" }));
    onResolve({ filter: new RegExp(`^${bindings}$`) }, ({ path }) => ({ path, namespace: "bindings" }));
    onLoad({ filter: /./, namespace: "bindings" }, () => ({ contents: findBindings }));
  },
};

/** Writes the libraries below a folder. @param options of esbuild for files that Node loads */
export async function writeLibraries(esbuild, options, root, folder) {
  for (const name of names) {
    const exported = Object.keys(await import(name)).filter(
      (each) => each !== "default" && each !== "module.exports",
    );
    await esbuild({
      ...options,
      stdin: { contents: `export { ${exported.join(", ")} } from "${name}";`, resolveDir: root },
      outdir: undefined,
      outbase: undefined,
      outfile: join(folder, fileOf(name)),
      sourcemap: false,
      bundle: true,
      minifySyntax: true,
      minifyWhitespace: true,
      banner: {
        js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
      },
      plugins: [partsApart],
    });
  }
}
