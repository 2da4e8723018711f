// Digits as crisp pictures: one canvas pixel for each pixel, enlarged by the style sheet.

const SIDE = 28;

/** A canvas for one digit, with words for those who cannot see it. */
function digitCanvas(label, className = "") {
  const canvas = element("canvas", { className: `digit ${className}`, width: SIDE, height: SIDE });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

/** A canvas with words under it. */
function captioned(canvas, caption) {
  return element("figure", {}, canvas, element("figcaption", { textContent: caption }));
}

/** Draw an image, (784) in [0, 1], white on black, `left` pixels from the canvas' edge. */
function drawDigit(canvas, image, left = 0) {
  paint(
    canvas,
    (pixel, rgba, at) => {
      rgba[at] = rgba[at + 1] = rgba[at + 2] = Math.round(255 * image[pixel]);
    },
    left,
  );
}

/** Draw where a reconstruction differs: orange is too much ink, blue too little. */
function drawDifference(canvas, image, reconstruction) {
  paint(canvas, (pixel, rgba, at) => {
    const apart = reconstruction[pixel] - image[pixel];
    const [red, green, blue] = apart > 0 ? [1, 0.6, 0.15] : [0.3, 0.65, 1];
    const light = 255 * Math.abs(apart);
    rgba[at] = light * red;
    rgba[at + 1] = light * green;
    rgba[at + 2] = light * blue;
  });
}

function paint(canvas, colour, left = 0) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(SIDE, SIDE);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    colour(pixel, picture.data, 4 * pixel);
    picture.data[4 * pixel + 3] = 255;
  }
  context.putImageData(picture, left, 0);
}

/** Save a canvas as a PNG file, each pixel a square of `factor` pixels. */
async function savePicture(canvas, factor, name) {
  const large = new OffscreenCanvas(canvas.width * factor, canvas.height * factor);
  const context = large.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, large.width, large.height);
  const link = URL.createObjectURL(await large.convertToBlob());
  element("a", { href: link, download: name }).click();
  URL.revokeObjectURL(link);
}
