/**
 * Where a worker's built module stands: beside the module that asks for it in dist/, and in dist/ too when that module
 * runs straight from src/, as in the tests.
 */
export function builtModule(importMetaUrl: string, relative: string): URL {
  return new URL(relative, importMetaUrl.replace(/\/src\/(?!.*\/src\/)/, "/dist/"));
}
