// How large pictures can be that have to fit into a room, in as many rows as they need.

const LEAST = 36; // CSS pixels: smaller, nothing is recognised
const STEP = 2;
const FEWER = 0.8; // a row more is worth it where all become larger by a quarter

/**
 * @typedef {object} Thing that stands in a row, in CSS pixels
 * @property {number} width of it, for each unit
 * @property {number} height of it, for each unit
 * @property {number} [wide] its width beside that
 * @property {number} [high] its height beside that, as of the words under a picture
 *
 * @typedef {object} Room
 * @property {number} width
 * @property {number} height
 * @property {number} columnGap
 * @property {number} rowGap
 */

/**
 * How high each row is, of things that follow one another.
 *
 * @param {Thing[]} things
 * @param {number} unit
 * @param {Room} room
 */
export function rowsOf(things, unit, { width, columnGap }) {
  /** @type {number[]} */
  const rows = [];
  let left = -1;
  for (const thing of things) {
    const [wide, high] = [
      unit * thing.width + (thing.wide ?? 0),
      unit * thing.height + (thing.high ?? 0),
    ];
    if (left < wide) {
      rows.push(0);
      left = width;
    }
    rows[rows.length - 1] = Math.max(rows[rows.length - 1], high);
    left -= wide + columnGap;
  }
  return rows;
}

/**
 * The unit with which things are largest in a room; where they fit with none, the least.
 *
 * @param {Thing[]} things
 * @param {Room} room
 */
export function unitFor(things, room) {
  let [best, bestSize] = [LEAST, 0];
  for (let unit = LEAST; unit <= room.height; unit += STEP) {
    const rows = rowsOf(things, unit, room);
    const height = rows.reduce((so, high) => so + high, (rows.length - 1) * room.rowGap);
    const size = unit * FEWER ** rows.length;
    if (height <= room.height && size > bestSize) [best, bestSize] = [unit, size];
  }
  return best;
}
