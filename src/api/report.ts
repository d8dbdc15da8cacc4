// Makes the report of runs, for programs that import pickbench.
import type { Reporter } from "../system/reporter.js";

/**
 * Makes one HTML document of the folders of one or more finished runs, which needs nothing from outside; several are
 * compared.
 *
 * @param options `data` leads to the data set; the one of each run's record if absent; `reporter` hears of data that
 *   are fetched and tomograms that are drawn, and its signal ends the fetching
 * @throws PickbenchError where a folder is no run's or the data are not the runs'
 */
export async function makeReport(
  runs: readonly string[],
  options: { readonly data?: string; readonly reporter?: Reporter } = {},
): Promise<string> {
  const { makeReport: make } = await import("../report/report.js");
  const { html } = await make({ runs, data: options.data, reporter: options.reporter });
  return html;
}
