// What all digits here have in common.

/** Pixels along a side of an image. */
export const SIDE = 28;

/** How many classes there are: the digits 0 to 9. */
export const CLASSES = 10;
