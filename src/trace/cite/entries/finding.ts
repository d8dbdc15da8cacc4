/** Works on picking, template matching, surfaces, surroundings, scores and simulation. */
import type { Work } from "../entry.js";

const cvpr = "IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)";

/** Picking, and what is done with maps. */
const picking: readonly Work[] = [
  {
    ...{ key: "last2024ais", year: 2024, journal: "eLife", volume: "13" },
    author: "Last, Mart G. F. and Abendstein, Leoni and Voortman, Lenard M. and Sharp, Thomas H.",
    title: "Streamlining segmentation of cryo-electron tomography datasets with {Ais}",
    doi: "10.7554/eLife.98552.3",
  },
  {
    ...{ key: "felzenszwalb2012distance", year: 2012, journal: "Theory of Computing", volume: "8" },
    author: "Felzenszwalb, Pedro F. and Huttenlocher, Daniel P.",
    title: "Distance Transforms of Sampled Functions",
    doi: "10.4086/toc.2012.v008a019",
  },
  {
    ...{ key: "sato2000teasar", year: 2000 },
    author: "Sato, Mie and Bitter, Ingmar and Bender, Michael A. and Kaufman, Arie E. and Nakajima, Masayuki",
    title: "{TEASAR}: Tree-structure Extraction Algorithm for Accurate and Robust Skeletons",
    booktitle: "Eighth Pacific Conference on Computer Graphics and Applications",
    doi: "10.1109/PCCGA.2000.883951",
  },
  {
    ...{ key: "cleveland1979lowess", year: 1979, volume: "74" },
    author: "Cleveland, William S.",
    title: "Robust Locally Weighted Regression and Smoothing Scatterplots",
    journal: "Journal of the American Statistical Association",
    doi: "10.1080/01621459.1979.10481038",
  },
  {
    ...{ key: "solovyev2021fusion", year: 2021, volume: "107" },
    author: "Solovyev, Roman and Wang, Weimin and Gabruseva, Tatiana",
    title: "Weighted boxes fusion: Ensembling boxes from different object detection models",
    journal: "Image and Vision Computing",
    doi: "10.1016/j.imavis.2021.104117",
  },
  {
    ...{ key: "koenker1978quantiles", year: 1978, journal: "Econometrica", volume: "46" },
    author: "Koenker, Roger and Bassett, Gilbert",
    title: "Regression Quantiles",
    doi: "10.2307/1913643",
  },
  {
    ...{ key: "otsu1979threshold", year: 1979, volume: "9" },
    author: "Otsu, Nobuyuki",
    title: "A Threshold Selection Method from Gray-Level Histograms",
    journal: "IEEE Transactions on Systems, Man, and Cybernetics",
    doi: "10.1109/TSMC.1979.4310076",
  },
  {
    ...{ key: "lorensen1987cubes", year: 1987 },
    author: "Lorensen, William E. and Cline, Harvey E.",
    title: "Marching Cubes: A High Resolution {3D} Surface Construction Algorithm",
    booktitle: "SIGGRAPH '87",
    doi: "10.1145/37401.37422",
  },
  {
    ...{ key: "garland1997quadric", year: 1997 },
    author: "Garland, Michael and Heckbert, Paul S.",
    title: "Surface Simplification Using Quadric Error Metrics",
    booktitle: "SIGGRAPH '97",
    doi: "10.1145/258734.258849",
  },
  {
    ...{ key: "gorski2005healpix", year: 2005, volume: "622" },
    author: "Górski, K. M. and Hivon, E. and Banday, A. J. and others",
    title:
      "{HEALPix}: A Framework for High-Resolution Discretization and Fast Analysis of Data Distributed on the Sphere",
    journal: "The Astrophysical Journal",
    doi: "10.1086/427976",
  },
  {
    ...{ key: "rickgauer2017detection", year: 2017, journal: "eLife", volume: "6" },
    author: "Rickgauer, J. Peter and Grigorieff, Nikolaus and Denk, Winfried",
    title: "Single-protein detection in crowded molecular environments in cryo-{EM} images",
    doi: "10.7554/eLife.25648",
  },
  {
    ...{ key: "chaillet2023matching", year: 2023, volume: "24" },
    author: "Chaillet, Marten L. and others",
    title:
      "Extensive Angular Sampling Enables the Sensitive Localization of Macromolecules in Electron Tomograms",
    journal: "International Journal of Molecular Sciences",
    doi: "10.3390/ijms241713375",
  },
];

/** Scores. */
const scores: readonly Work[] = [
  {
    ...{ key: "shit2021cldice", year: 2021, booktitle: cvpr },
    author: "Shit, Suprosanna and others",
    title: "{clDice} -- a Novel Topology-Preserving Loss Function for Tubular Structure Segmentation",
    doi: "10.1109/CVPR46437.2021.01629",
  },
  {
    ...{ key: "guo2017calibration", year: 2017, arxiv: "1706.04599" },
    author: "Guo, Chuan and Pleiss, Geoff and Sun, Yu and Weinberger, Kilian Q.",
    title: "On Calibration of Modern Neural Networks",
    booktitle: "International Conference on Machine Learning (ICML)",
  },
];

/** Simulation, and spectra. */
const simulation: readonly Work[] = [
  {
    ...{ key: "peng1996scattering", year: 1996, volume: "52" },
    author: "Peng, L.-M. and Ren, G. and Dudarev, S. L. and Whelan, M. J.",
    title: "Robust Parameterization of Elastic and Absorptive Electron Atomic Scattering Factors",
    journal: "Acta Crystallographica Section A",
    doi: "10.1107/S0108767395014371",
  },
  {
    ...{ key: "welch1967spectra", year: 1967, volume: "15" },
    author: "Welch, Peter D.",
    title:
      "The use of fast {Fourier} transform for the estimation of power spectra: A method based on time averaging over short, modified periodograms",
    journal: "IEEE Transactions on Audio and Electroacoustics",
    doi: "10.1109/TAU.1967.1161901",
  },
];

export const findingWorks: readonly Work[] = [...picking, ...scores, ...simulation];
