/**
 * The methods that pickbench implements, each with the works that it is from. A method without works is pickbench's own, or too
 * plain to have one.
 */

/** A method: what it is called in a text, and the keys of its works. */
export interface Method {
  readonly title: string;
  readonly works: readonly string[];
}

const method = (title: string, ...works: string[]): Method => ({ title, works });

/** By the architecture's name; works on a part, such as a normalisation, come after those on the whole. */
const architectures: Readonly<Record<string, Method>> = {
  baseline: method(
    "MONAI's U-Net with residual units",
    "cicek2016unet",
    "he2016resnet",
    "ulyanov2016instance",
    "he2015prelu",
  ),
  plain: method("3D U-Net", "ronneberger2015unet", "cicek2016unet"),
  "baseline-residual": method(
    "MONAI's U-Net with two residual units a level",
    "cicek2016unet",
    "he2016resnet",
    "ulyanov2016instance",
  ),
  "unet-350k": method("3D U-Net", "cicek2016unet", "ulyanov2016instance"),
  "resnet34-unet": method("U-Net on ResNet-34", "he2016resnet", "ronneberger2015unet", "ulyanov2016instance"),
  segresnet: method("SegResNet", "myronenko2019segresnet", "wu2018group"),
  dynunet: method("dynamic U-Net of nnU-Net", "isensee2021nnunet", "ulyanov2016instance"),
  voxresnet: method("VoxResNet", "chen2016voxresnet", "ioffe2015batch"),
  densevnet: method("DenseVNet", "gibson2018densevnet", "ioffe2015batch"),
  "unet-2.5d": method("U-Net of neighbouring slices", "ronneberger2015unet"),
  "convnext-unet": method("U-Net on ConvNeXt", "liu2022convnext", "ronneberger2015unet", "ba2016layer"),
  deepfinder: method("DeepFinder", "moebel2021deepfinder"),
  "se-unet": method(
    "U-Net with squeeze and excitation",
    "ronneberger2015unet",
    "hu2018squeeze",
    "wu2018group",
  ),
  vnet: method("V-Net", "milletari2016vnet", "ioffe2015batch", "he2015prelu"),
  eman2: method("EMAN2's network in Ais", "chen2017eman2", "last2024ais"),
  inceptionnet: method("Inception network in Ais", "szegedy2015inception", "last2024ais"),
  unet: method("U-Net in Ais", "ronneberger2015unet", "last2024ais"),
  vggnet: method("VGG network in Ais", "simonyan2015vgg", "last2024ais"),
  resnet: method("ResNet in Ais", "he2016resnet", "last2024ais"),
  pix2pix: method("pix2pix in Ais", "isola2017pix2pix", "last2024ais", "goodfellow2014gan", "mao2017lsgan"),
};

const losses: Readonly<Record<string, Method>> = {
  crossEntropy: method("cross entropy"),
  binaryCrossEntropy: method("binary cross entropy"),
  tversky: method("Tversky loss", "salehi2017tversky"),
  focal: method("focal loss", "lin2017focal"),
  squaredError: method("squared error"),
  absoluteError: method("absolute error"),
};

const training: Readonly<Record<string, Method>> = {
  adamw: method("AdamW", "loshchilov2019adamw"),
  cosine: method("cosine schedule", "loshchilov2017sgdr"),
  average: method("moving average of the weights", "karras2024average"),
  mixup: method("mixup", "zhang2018mixup"),
  offsets: method("offset heads", "tian2019fcos"),
  spectrum: method("spectrum matching", "welch1967spectra"),
  search: method("search for settings", "jamieson2016halving", "li2020asha", "bergstra2011tpe"),
};

const ensembles: Readonly<Record<string, Method>> = {
  probabilities: method("mean of probabilities"),
  logits: method("mean of logits"),
  weights: method("soup of weights", "wortsman2022soups"),
  all: method("all members alike"),
  greedy: method("greedy choice of members", "caruana2004selection"),
  fit: method(
    "fitted weights of members",
    "wolpert1992stacking",
    "vanderlaan2007super",
    "kivinen1997exponentiated",
  ),
};

const picking: Readonly<Record<string, Method>> = {
  watershed: method("watershed picking", "last2024ais", "felzenszwalb2012distance"),
  peaks: method("local maxima"),
  filament: method("centre lines of filaments", "sato2000teasar", "cleveland1979lowess"),
};

const engines: Readonly<Record<string, Method>> = {
  "onnx-cpu": method("ONNX Runtime on the processor", "onnxruntime"),
  "onnx-webgpu": method("ONNX Runtime on WebGPU", "onnxruntime"),
  "onnx-cuda": method("ONNX Runtime on CUDA", "onnxruntime"),
  tfjs: method("TensorFlow.js", "smilkov2019tensorflowjs"),
};

/** By the command's name; what a flag adds is in `flags`. */
const commands: Readonly<Record<string, Method>> = {
  fuse: method("weighted fusion of picks", "solovyev2021fusion"),
  match: method("template matching", "chaillet2023matching", "gorski2005healpix", "rickgauer2017detection"),
  mesh: method("marching cubes with simplification", "lorensen1987cubes", "garland1997quadric"),
  segment: method("features with competition and interactions", "last2024ais"),
  context: method("what surrounds particles", "felzenszwalb2012distance"),
  mask: method("masks of areas", "felzenszwalb2012distance"),
  simulate: method("simulated tomograms"),
  score: method("the challenge's score", "peck2025phantom"),
  diagnose: method("diagnosis of picks", "guo2017calibration"),
  import: method("Ais's models", "last2024ais"),
  portal: method("CryoET Data Portal", "ermel2024portal"),
  fetch: method("data by their address"),
};

/** What a flag of a command adds, by `command --flag` or `command --flag value`. */
const flags: Readonly<Record<string, Method>> = {
  "context --slab": method("surfaces of the sample", "koenker1978quantiles", "otsu1979threshold"),
  "mask --slab": method("surfaces of the sample", "koenker1978quantiles", "otsu1979threshold"),
  "pick --slab": method("surfaces of the sample", "koenker1978quantiles", "otsu1979threshold"),
  "simulate --scene cell": method("simulated cells", "peng1996scattering"),
  "simulate --like": method("spectra of measured tomograms", "welch1967spectra"),
  "fetch czii": method("the challenge's data", "czii2024challenge", "peck2025phantom"),
  "portal 10440": method("the challenge's training data on the Data Portal", "peck2025phantom"),
};

const metrics: Readonly<Record<string, Method>> = {
  score: method("the challenge's F-beta with beta 4", "peck2025phantom"),
  dice: method("Dice coefficient"),
  clDice: method("centre-line Dice", "shit2021cldice"),
};

/** Formats of volumes by the ending of the file, and of positions by their names in `pickbench convert`. */
const formats: Readonly<Record<string, Method>> = {
  zarr: method("OME-Zarr", "moore2021ngff", "moore2023omezarr", "zarr"),
  mrc: method("MRC2014", "cheng2015mrc"),
  mod: method("IMOD's models", "kremer1996imod"),
  portal: method("the Data Portal's points", "ermel2024portal"),
  eman2: method("EMAN2's boxes", "tang2007eman2"),
  copick: method("copick", "ermel2026copick"),
  cbox: method("crYOLO's boxes", "wagner2019cryolo"),
  stopgap: method("STOPGAP's motive lists", "wan2024stopgap"),
  ais: method("Ais's STAR files", "last2024ais", "hall1991star"),
  relion5: method("RELION 5's STAR files", "scheres2012relion", "hall1991star"),
  relion4: method("RELION 4's STAR files", "scheres2012relion", "hall1991star"),
  relion3: method("RELION 3's STAR files", "scheres2012relion", "hall1991star"),
  dynamo: method("Dynamo's tables", "castano2012dynamo"),
  box: method("EMAN's box files", "tang2007eman2"),
  challenge: method("the challenge's CSV", "czii2024challenge"),
  csv: method("comma-separated tables"),
  tsv: method("tab-separated tables"),
  coords: method("plain coordinates"),
  point: method("IMOD's points", "kremer1996imod"),
};

const viewers: Readonly<Record<string, Method>> = {
  neuroglancer: method("Neuroglancer"),
  chimerax: method("ChimeraX", "meng2023chimerax"),
  napari: method("napari", "napari2019"),
  imod: method("IMOD", "kremer1996imod"),
};

/** All methods, by kind and by name within the kind. */
export const methods = {
  ...{ architecture: architectures, loss: losses, training, ensemble: ensembles, picking, engine: engines },
  ...{ command: commands, flag: flags, metric: metrics, format: formats, viewer: viewers },
} as const satisfies Record<string, Readonly<Record<string, Method>>>;
export type MethodKind = keyof typeof methods;

/** Returns a method by its kind and name; undefined for a name that is not known, such as a user's own architecture. */
export const methodOf = (kind: MethodKind, name: string): Method | undefined =>
  Object.hasOwn(methods[kind], name) ? methods[kind][name] : undefined;
