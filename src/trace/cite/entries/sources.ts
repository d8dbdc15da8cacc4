/** Works on data sets, formats and programs. */
import type { Work } from "../entry.js";

const jsb = "Journal of Structural Biology";

/** Data sets. */
const data: readonly Work[] = [
  {
    ...{ key: "peck2025phantom", year: 2025, journal: "Nature Methods" },
    author: "Peck, Ariana and others",
    title: "A realistic phantom dataset for benchmarking cryo-{ET} data annotation",
    doi: "10.1038/s41592-025-02800-5",
  },
  {
    ...{ key: "ermel2024portal", year: 2024, journal: "Nature Methods", volume: "21" },
    author: "Ermel, U. and Cheng, A. and Ni, J. X. and others",
    title: "A data portal for providing standardized annotations for cryo-electron tomography",
    doi: "10.1038/s41592-024-02477-2",
  },
  {
    ...{ key: "czii2024challenge", year: 2024, author: "{CZ Imaging Institute}" },
    title: "{CZII} -- {CryoET} Object Identification",
    url: "https://www.kaggle.com/competitions/czii-cryo-et-object-identification",
  },
  {
    ...{ key: "polnetsynaptic", author: "{polnet-synaptic contributors}" },
    title: "polnet-synaptic: density maps computed from Protein Data Bank entries",
    url: "https://github.com/stmartineau99/polnet-synaptic",
  },
];

/** Formats, and the programs whose they are. */
const formats: readonly Work[] = [
  {
    ...{ key: "cheng2015mrc", year: 2015, journal: jsb, volume: "192" },
    author: "Cheng, Anchi and Henderson, Richard and Mastronarde, David and others",
    title: "{MRC2014}: Extensions to the {MRC} format header for electron cryo-microscopy and tomography",
    doi: "10.1016/j.jsb.2015.04.002",
  },
  {
    ...{ key: "moore2021ngff", year: 2021, journal: "Nature Methods", volume: "18" },
    author: "Moore, Josh and Allan, Chris and Besson, Sébastien and others",
    title: "{OME-NGFF}: a next-generation file format for expanding bioimaging data-access strategies",
    doi: "10.1038/s41592-021-01326-w",
  },
  {
    ...{ key: "moore2023omezarr", year: 2023, volume: "160" },
    author: "Moore, Josh and others",
    title: "{OME-Zarr}: a cloud-optimized bioimaging file format with international community support",
    journal: "Histochemistry and Cell Biology",
    doi: "10.1007/s00418-023-02209-1",
  },
  {
    ...{ key: "zarr", author: "{Zarr developers}", title: "Zarr" },
    doi: "10.5281/zenodo.3773449",
  },
  {
    ...{ key: "ermel2026copick", year: 2026, journal: "Protein Science", volume: "35" },
    author: "Ermel, U. H. and Schwartz, J. and Zhao, Z. and others",
    title:
      "copick: An open dataset interface and toolkit for collaborative annotation and analysis of cryo-electron tomography data",
    doi: "10.1002/pro.70578",
  },
  {
    ...{ key: "hall1991star", year: 1991, volume: "31" },
    author: "Hall, Sydney R.",
    title: "The {STAR} file: a new format for electronic data transfer and archiving",
    journal: "Journal of Chemical Information and Computer Sciences",
    doi: "10.1021/ci00002a020",
  },
  {
    ...{ key: "scheres2012relion", year: 2012, journal: jsb, volume: "180" },
    author: "Scheres, Sjors H. W.",
    title: "{RELION}: Implementation of a {Bayesian} approach to cryo-{EM} structure determination",
    doi: "10.1016/j.jsb.2012.09.006",
  },
  {
    ...{ key: "castano2012dynamo", year: 2012, journal: jsb, volume: "178" },
    author: "Castaño-Díez, Daniel and others",
    title:
      "Dynamo: A flexible, user-friendly development tool for subtomogram averaging of cryo-{EM} data in high-performance computing environments",
    doi: "10.1016/j.jsb.2011.12.017",
  },
  {
    ...{ key: "wan2024stopgap", year: 2024, volume: "80" },
    author: "Wan, William and others",
    title:
      "{STOPGAP}: an open-source package for template matching, subtomogram alignment and classification",
    journal: "Acta Crystallographica Section D",
    doi: "10.1107/S205979832400295X",
  },
  {
    ...{ key: "tang2007eman2", year: 2007, journal: jsb, volume: "157" },
    author: "Tang, Guang and others",
    title: "{EMAN2}: An extensible image processing suite for electron microscopy",
    doi: "10.1016/j.jsb.2006.05.009",
  },
  {
    ...{ key: "wagner2019cryolo", year: 2019, journal: "Communications Biology", volume: "2" },
    author: "Wagner, Thorsten and others",
    title: "{SPHIRE-crYOLO} is a fast and accurate fully automated particle picker for cryo-{EM}",
    doi: "10.1038/s42003-019-0437-z",
  },
  {
    ...{ key: "kremer1996imod", year: 1996, journal: jsb, volume: "116" },
    author: "Kremer, James R. and Mastronarde, David N. and McIntosh, J. Richard",
    title: "Computer Visualization of Three-Dimensional Image Data Using {IMOD}",
    doi: "10.1006/jsbi.1996.0013",
  },
];

/** Programs that compute or show. */
const programs: readonly Work[] = [
  {
    ...{ key: "onnxruntime", author: "{ONNX Runtime developers}", title: "{ONNX Runtime}" },
    url: "https://onnxruntime.ai",
  },
  {
    ...{ key: "smilkov2019tensorflowjs", year: 2019, arxiv: "1901.05350" },
    author: "Smilkov, Daniel and Thorat, Nikhil and others",
    title: "{TensorFlow.js}: Machine Learning for the Web and Beyond",
  },
  {
    ...{ key: "meng2023chimerax", year: 2023, journal: "Protein Science", volume: "32" },
    author: "Meng, Elaine C. and others",
    title: "{UCSF ChimeraX}: Tools for structure building and analysis",
    doi: "10.1002/pro.4792",
  },
  {
    ...{ key: "napari2019", year: 2019, author: "{napari contributors}" },
    title: "napari: a multi-dimensional image viewer for {Python}",
    doi: "10.5281/zenodo.3555620",
  },
];

export const sourceWorks: readonly Work[] = [...data, ...formats, ...programs];
