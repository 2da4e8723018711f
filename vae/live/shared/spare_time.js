// Work that can wait, in pieces: after each frame as many as there is time for, for all views
// together, so that what follows a finger comes first and nothing holds up a frame.

const BUDGET = 9; // milliseconds since a frame began, after which no piece is begun
const PATIENCE = 4; // frames without any time, after which one piece is done all the same

/** The pieces that wait, the next one first; each tells whether there is more. @type {Set<() => boolean>} */
const waiting = new Set();
let isAsked = false;
let missed = 0;

/**
 * Do a piece of work when there is time, and again as long as it says that there is more.
 *
 * @param {() => boolean} piece one that waits already does not wait twice
 */
export function inSpareTime(piece) {
  waiting.add(piece);
  ask();
}

/** @param {() => boolean} piece that is no longer wanted */
export function forget(piece) {
  waiting.delete(piece);
}

function ask() {
  if (isAsked || !waiting.size) return;
  isAsked = true;
  // once the frame is on the screen
  requestAnimationFrame((start) => setTimeout(() => work(start)));
}

/** @param {number} start of the frame */
function work(start) {
  isAsked = false;
  missed += 1;
  try {
    while (waiting.size && (performance.now() - start < BUDGET || missed > PATIENCE)) {
      missed = 0;
      const [piece] = waiting;
      waiting.delete(piece);
      if (piece()) waiting.add(piece); // behind the others
    }
  } finally {
    ask();
  }
}
