/** What a bibliography holds of one work. */

/** A work to cite. Text is plain Unicode; of a title, what stands in braces keeps its capitals. */
export interface Work {
  /** `lastYEARword`: stable, for it stands in people's manuscripts. */
  readonly key: string;
  /** `Last, First and Last, First`; a group in braces; `and others` for the rest. */
  readonly author: string;
  readonly title: string;
  /** Absent of what has no date of its own, such as a web site. */
  readonly year?: number;
  /** Of an article. */
  readonly journal?: string;
  /** Of a paper in proceedings. */
  readonly booktitle?: string;
  readonly volume?: string;
  readonly doi?: string;
  /** arXiv's number, where there is no DOI or the text is freely to be had there. */
  readonly arxiv?: string;
  readonly url?: string;
  readonly note?: string;
}

/** A work as BibTeX has it. */
export interface Entry extends Work {
  readonly type: "article" | "inproceedings" | "misc";
}

/** Returns the entry of a work: what is in a journal is an article, and so on. */
export const entryOf = (work: Work): Entry => ({
  type: work.journal !== undefined ? "article" : work.booktitle !== undefined ? "inproceedings" : "misc",
  ...work,
});

/** The form of a DOI: directory indicator, registrant, and a suffix of the registrant's own (ISO 26324). */
export const doiForm = /^10\.\d{4,9}\/\S+$/;

/** The form of arXiv's numbers since 2007. */
export const arxivForm = /^\d{4}\.\d{4,5}$/;
