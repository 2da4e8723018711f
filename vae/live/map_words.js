// What the map says of a latent, in words.

const MAP_LABEL =
  "Latent map. Arrow keys move z, with Shift ten times as far; Enter pins it, with Shift the " +
  "nearest digit. " +
  "Plus and minus zoom, 0 shows the whole map again.";

/** A latent as text; of many dimensions only how far it is from the origin. */
function latentText(latent) {
  if (latent.length <= 4) return `z = (${[...latent].map((v) => v.toFixed(2)).join(", ")})`;
  return `|z| = ${Math.hypot(...latent).toFixed(2)} in ${latent.length} dimensions`;
}

/** How likely a latent is under the prior. */
function priorText(latent) {
  const share = shareOfPriorWithin(latent);
  const kind = share < 0.95 ? "Usual" : share < 0.999 ? "Rare" : "Hardly ever drawn";
  return `${kind} under the prior: ${percent(share)} of its samples lie nearer the middle.`;
}

/** How far a latent is from any digit. */
function distanceText(atlas, { distance }) {
  const share = atlas.shareNearer(distance);
  const away = `the nearest is ${distance.toFixed(2)} away`;
  if (share === 1) return `Far from all the digits: ${away}.`;
  if (share < 0.9) return `Among the digits: ${away}.`;
  return `At the edge of the digits: ${away}, farther than for ${percent(share)} of digits.`;
}

function percent(share) {
  const rounded = Math.floor(1000 * share) / 10;
  return `${rounded > 99 && rounded < 100 ? rounded.toFixed(1) : Math.round(rounded)} %`;
}
