/** Works on networks and on how they are trained. */
import type { Work } from "../entry.js";

const cvpr = "IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)";
const iccv = "IEEE International Conference on Computer Vision (ICCV)";
const miccai = "Medical Image Computing and Computer-Assisted Intervention (MICCAI)";
const iclr = "International Conference on Learning Representations (ICLR)";
const icml = "International Conference on Machine Learning (ICML)";
const neurips = "Advances in Neural Information Processing Systems";

/** Architectures. */
const architectures: readonly Work[] = [
  {
    ...{ key: "ronneberger2015unet", year: 2015, booktitle: miccai },
    author: "Ronneberger, Olaf and Fischer, Philipp and Brox, Thomas",
    title: "{U-Net}: Convolutional Networks for Biomedical Image Segmentation",
    doi: "10.1007/978-3-319-24574-4_28",
  },
  {
    ...{ key: "cicek2016unet", year: 2016, booktitle: miccai },
    author:
      "Çiçek, Özgün and Abdulkadir, Ahmed and Lienkamp, Soeren S. and Brox, Thomas and Ronneberger, Olaf",
    title: "{3D U-Net}: Learning Dense Volumetric Segmentation from Sparse Annotation",
    doi: "10.1007/978-3-319-46723-8_49",
  },
  {
    ...{ key: "isensee2021nnunet", year: 2021, journal: "Nature Methods", volume: "18" },
    author:
      "Isensee, Fabian and Jaeger, Paul F. and Kohl, Simon A. A. and Petersen, Jens and Maier-Hein, Klaus H.",
    title: "{nnU-Net}: a self-configuring method for deep learning-based biomedical image segmentation",
    doi: "10.1038/s41592-020-01008-z",
  },
  {
    ...{ key: "myronenko2019segresnet", year: 2019 },
    author: "Myronenko, Andriy",
    title: "{3D MRI} Brain Tumor Segmentation Using Autoencoder Regularization",
    booktitle: "Brainlesion: Glioma, Multiple Sclerosis, Stroke and Traumatic Brain Injuries (BrainLes 2018)",
    doi: "10.1007/978-3-030-11726-9_28",
  },
  {
    ...{ key: "chen2016voxresnet", year: 2016, arxiv: "1608.05895" },
    author: "Chen, Hao and Dou, Qi and Yu, Lequan and Heng, Pheng-Ann",
    title: "{VoxResNet}: Deep Voxelwise Residual Networks for Volumetric Brain Segmentation",
  },
  {
    ...{ key: "gibson2018densevnet", year: 2018, volume: "37" },
    author: "Gibson, Eli and others",
    title: "Automatic Multi-Organ Segmentation on Abdominal {CT} With Dense {V}-Networks",
    journal: "IEEE Transactions on Medical Imaging",
    doi: "10.1109/TMI.2018.2806309",
  },
  {
    ...{ key: "liu2022convnext", year: 2022, booktitle: cvpr },
    author:
      "Liu, Zhuang and Mao, Hanzi and Wu, Chao-Yuan and Feichtenhofer, Christoph and Darrell, Trevor and Xie, Saining",
    title: "A {ConvNet} for the 2020s",
    doi: "10.1109/CVPR52688.2022.01167",
  },
  {
    ...{ key: "moebel2021deepfinder", year: 2021, journal: "Nature Methods", volume: "18" },
    author: "Moebel, Emmanuel and Martinez-Sanchez, Antonio and others",
    title: "Deep learning improves macromolecule identification in {3D} cellular cryo-electron tomograms",
    doi: "10.1038/s41592-021-01275-4",
  },
  {
    ...{ key: "hu2018squeeze", year: 2018, booktitle: cvpr },
    author: "Hu, Jie and Shen, Li and Sun, Gang",
    title: "Squeeze-and-Excitation Networks",
    doi: "10.1109/CVPR.2018.00745",
  },
  {
    ...{ key: "milletari2016vnet", year: 2016 },
    author: "Milletari, Fausto and Navab, Nassir and Ahmadi, Seyed-Ahmad",
    title: "{V-Net}: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
    booktitle: "Fourth International Conference on 3D Vision (3DV)",
    doi: "10.1109/3DV.2016.79",
  },
  {
    ...{ key: "chen2017eman2", year: 2017, journal: "Nature Methods", volume: "14" },
    author: "Chen, Muyuan and others",
    title: "Convolutional neural networks for automated annotation of cellular cryo-electron tomograms",
    doi: "10.1038/nmeth.4405",
  },
  {
    ...{ key: "szegedy2015inception", year: 2015, booktitle: cvpr },
    author: "Szegedy, Christian and Liu, Wei and Jia, Yangqing and others",
    title: "Going Deeper with Convolutions",
    doi: "10.1109/CVPR.2015.7298594",
  },
  {
    ...{ key: "simonyan2015vgg", year: 2015, booktitle: iclr, arxiv: "1409.1556" },
    author: "Simonyan, Karen and Zisserman, Andrew",
    title: "Very Deep Convolutional Networks for Large-Scale Image Recognition",
  },
  {
    ...{ key: "he2016resnet", year: 2016, booktitle: cvpr },
    author: "He, Kaiming and Zhang, Xiangyu and Ren, Shaoqing and Sun, Jian",
    title: "Deep Residual Learning for Image Recognition",
    doi: "10.1109/CVPR.2016.90",
  },
  {
    ...{ key: "isola2017pix2pix", year: 2017, booktitle: cvpr },
    author: "Isola, Phillip and Zhu, Jun-Yan and Zhou, Tinghui and Efros, Alexei A.",
    title: "Image-to-Image Translation with Conditional Adversarial Networks",
    doi: "10.1109/CVPR.2017.632",
  },
];

/** Parts of networks. */
const parts: readonly Work[] = [
  {
    ...{ key: "ulyanov2016instance", year: 2016, arxiv: "1607.08022" },
    author: "Ulyanov, Dmitry and Vedaldi, Andrea and Lempitsky, Victor",
    title: "Instance Normalization: The Missing Ingredient for Fast Stylization",
  },
  {
    ...{ key: "wu2018group", year: 2018 },
    author: "Wu, Yuxin and He, Kaiming",
    title: "Group Normalization",
    booktitle: "European Conference on Computer Vision (ECCV)",
    doi: "10.1007/978-3-030-01261-8_1",
  },
  {
    ...{ key: "ba2016layer", year: 2016, arxiv: "1607.06450" },
    author: "Ba, Jimmy Lei and Kiros, Jamie Ryan and Hinton, Geoffrey E.",
    title: "Layer Normalization",
  },
  {
    ...{ key: "ioffe2015batch", year: 2015, booktitle: icml, arxiv: "1502.03167" },
    author: "Ioffe, Sergey and Szegedy, Christian",
    title: "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
  },
  {
    ...{ key: "he2015prelu", year: 2015, booktitle: iccv },
    author: "He, Kaiming and Zhang, Xiangyu and Ren, Shaoqing and Sun, Jian",
    title: "Delving Deep into Rectifiers: Surpassing Human-Level Performance on {ImageNet} Classification",
    doi: "10.1109/ICCV.2015.123",
  },
  {
    ...{ key: "goodfellow2014gan", year: 2014, booktitle: neurips, arxiv: "1406.2661" },
    author: "Goodfellow, Ian J. and others",
    title: "Generative Adversarial Nets",
  },
  {
    ...{ key: "mao2017lsgan", year: 2017, booktitle: iccv },
    author:
      "Mao, Xudong and Li, Qing and Xie, Haoran and Lau, Raymond Y. K. and Wang, Zhen and Smolley, Stephen Paul",
    title: "Least Squares Generative Adversarial Networks",
    doi: "10.1109/ICCV.2017.304",
  },
];

/** Losses, optimisers, augmentation, ensembles and the search for settings. */
const training: readonly Work[] = [
  {
    ...{ key: "salehi2017tversky", year: 2017 },
    author: "Salehi, Seyed Sadegh Mohseni and Erdogmus, Deniz and Gholipour, Ali",
    title: "{Tversky} Loss Function for Image Segmentation Using {3D} Fully Convolutional Deep Networks",
    booktitle: "Machine Learning in Medical Imaging (MLMI)",
    doi: "10.1007/978-3-319-67389-9_44",
  },
  {
    ...{ key: "lin2017focal", year: 2017, booktitle: iccv },
    author: "Lin, Tsung-Yi and Goyal, Priya and Girshick, Ross and He, Kaiming and Dollár, Piotr",
    title: "Focal Loss for Dense Object Detection",
    doi: "10.1109/ICCV.2017.324",
  },
  {
    ...{ key: "tian2019fcos", year: 2019, booktitle: iccv },
    author: "Tian, Zhi and Shen, Chunhua and Chen, Hao and He, Tong",
    title: "{FCOS}: Fully Convolutional One-Stage Object Detection",
    doi: "10.1109/ICCV.2019.00972",
  },
  {
    ...{ key: "loshchilov2019adamw", year: 2019, booktitle: iclr, arxiv: "1711.05101" },
    author: "Loshchilov, Ilya and Hutter, Frank",
    title: "Decoupled Weight Decay Regularization",
  },
  {
    ...{ key: "loshchilov2017sgdr", year: 2017, booktitle: iclr, arxiv: "1608.03983" },
    author: "Loshchilov, Ilya and Hutter, Frank",
    title: "{SGDR}: Stochastic Gradient Descent with Warm Restarts",
  },
  {
    ...{ key: "karras2024average", year: 2024, booktitle: cvpr, arxiv: "2312.02696" },
    author:
      "Karras, Tero and Aittala, Miika and Lehtinen, Jaakko and Hellsten, Janne and Aila, Timo and Laine, Samuli",
    title: "Analyzing and Improving the Training Dynamics of Diffusion Models",
  },
  {
    ...{ key: "zhang2018mixup", year: 2018, booktitle: iclr, arxiv: "1710.09412" },
    author: "Zhang, Hongyi and Cisse, Moustapha and Dauphin, Yann N. and Lopez-Paz, David",
    title: "mixup: Beyond Empirical Risk Minimization",
  },
  {
    ...{ key: "wortsman2022soups", year: 2022, booktitle: icml, arxiv: "2203.05482" },
    author: "Wortsman, Mitchell and others",
    title:
      "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference time",
  },
  {
    ...{ key: "caruana2004selection", year: 2004, booktitle: icml },
    author: "Caruana, Rich and Niculescu-Mizil, Alexandru and Crew, Geoff and Ksikes, Alex",
    title: "Ensemble Selection from Libraries of Models",
    doi: "10.1145/1015330.1015432",
  },
  {
    ...{ key: "wolpert1992stacking", year: 1992, journal: "Neural Networks", volume: "5" },
    author: "Wolpert, David H.",
    title: "Stacked generalization",
    doi: "10.1016/S0893-6080(05)80023-1",
  },
  {
    ...{ key: "vanderlaan2007super", year: 2007, volume: "6" },
    author: "van der Laan, Mark J. and Polley, Eric C. and Hubbard, Alan E.",
    title: "Super Learner",
    journal: "Statistical Applications in Genetics and Molecular Biology",
    doi: "10.2202/1544-6115.1309",
  },
  {
    ...{ key: "kivinen1997exponentiated", year: 1997, volume: "132" },
    author: "Kivinen, Jyrki and Warmuth, Manfred K.",
    title: "Exponentiated Gradient versus Gradient Descent for Linear Predictors",
    journal: "Information and Computation",
    doi: "10.1006/inco.1996.2612",
  },
  {
    ...{ key: "jamieson2016halving", year: 2016, arxiv: "1502.07943" },
    author: "Jamieson, Kevin and Talwalkar, Ameet",
    title: "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
    booktitle: "International Conference on Artificial Intelligence and Statistics (AISTATS)",
  },
  {
    ...{ key: "li2020asha", year: 2020, arxiv: "1810.05934" },
    author: "Li, Liam and others",
    title: "A System for Massively Parallel Hyperparameter Tuning",
    booktitle: "Proceedings of Machine Learning and Systems (MLSys)",
  },
  {
    ...{ key: "bergstra2011tpe", year: 2011, booktitle: neurips },
    author: "Bergstra, James and Bardenet, Rémi and Bengio, Yoshua and Kégl, Balázs",
    title: "Algorithms for Hyper-Parameter Optimization",
    url: "https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization",
  },
];

export const networkWorks: readonly Work[] = [...architectures, ...parts, ...training];
