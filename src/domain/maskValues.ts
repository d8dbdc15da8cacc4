/** Values of a mask's voxels. Unknown voxels, like those outside the volume, are neither in the mask nor beside it. */
export const no = 0;
export const yes = 1;
export const unknown = 2;
