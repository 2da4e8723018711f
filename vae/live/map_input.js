// Mouse, finger and keyboard on the map.

const SNAP = 5; // CSS pixels within which a click means a dot
const SNAP_TOUCH = 10;
const STILL = 4; // CSS pixels that a click may move
const ARROW = 1 / 200; // of the map's width: one step of an arrow key

/** One pointer moves z, or the map where that is chosen; two zoom; a click pins. */
function listenToPointers(view) {
  const { map } = view;
  const { canvas } = map;
  const down = new Map(); // pointer id -> its last place
  let start = null; // where a press began; null once it cannot be a click or a drag of z
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const latentAt = (place) => rounded(view.atlas.lift(map.toPlane(place)));
  const far = (place) => Math.hypot(place[0] - start[0], place[1] - start[1]) > STILL;

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
    start = down.size === 1 ? at(event) : null;
    if (start && event.pointerType !== "mouse" && !map.isMoved) view.hoverAt(latentAt(start));
  });

  canvas.addEventListener("pointermove", (event) => {
    const [place, before] = [at(event), down.get(event.pointerId)];
    if (before) down.set(event.pointerId, place);
    if (before && down.size === 2) {
      pinch(map, down, event.pointerId, before);
      view.hover = null;
      view.redraw();
    } else if (before && (map.isMoved || event.shiftKey)) {
      if (start && far(place)) start = null;
      map.pan(place[0] - before[0], place[1] - before[1]);
      view.redraw();
    } else view.hoverAt(latentAt(place));
  });

  const release = (event) => {
    const place = at(event);
    down.delete(event.pointerId);
    if (event.type === "pointerup" && start) {
      const reach = event.pointerType === "mouse" ? SNAP : SNAP_TOUCH;
      const dot = far(place) ? -1 : map.dotAt(place, reach);
      if (dot >= 0) view.pin(view.atlas.latent(dot), dot);
      else view.pin(latentAt(place));
    } else view.tell(300);
    start = null;
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);

  canvas.addEventListener("pointerleave", () => {
    if (down.size) return;
    view.hoverAt(null);
  });

  canvas.addEventListener(
    "wheel",
    (event) => {
      const isPinch = event.ctrlKey || event.metaKey; // of two fingers on a trackpad, too
      if (!isPinch && canvas.getRootNode().activeElement !== canvas) return; // the page scrolls
      event.preventDefault();
      map.zoom(Math.exp(event.deltaY * (isPinch ? 0.01 : 0.0015)), at(event));
      view.redraw();
      view.tell(300);
    },
    { passive: false },
  );
}

/** Two fingers: zoom by how far they are apart, move by how their middle moves. */
function pinch(map, down, moving, before) {
  const [other] = [...down].filter(([id]) => id !== moving).map(([, place]) => place);
  const after = down.get(moving);
  const apart = (place) => Math.max(20, Math.hypot(place[0] - other[0], place[1] - other[1]));
  map.pan((after[0] - before[0]) / 2, (after[1] - before[1]) / 2);
  const middle = [(after[0] + other[0]) / 2, (after[1] + other[1]) / 2];
  map.zoom(apart(before) / apart(after), middle);
}

/** Arrows move z (Shift: ten times as far) or the map where that is chosen, Enter pins, with Shift
 * the nearest digit; plus, minus and 0 zoom. */
function listenToKeys(view) {
  const { map, atlas } = view;
  const moves = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  map.canvas.addEventListener("keydown", (event) => {
    const from = view.hover ?? view.pinned?.latent ?? new Float64Array(atlas.latent_dim);
    if (event.key in moves) {
      const share = ARROW * (event.shiftKey ? 10 : 1);
      const [right, up] = moves[event.key];
      const step = 2 * map.frame.half * share;
      if (map.isMoved) map.pan(-right * share * map.side, up * share * map.side);
      else view.hoverAt(moved(atlas, from, right * step, up * step));
    } else if (event.key === "Enter" && event.shiftKey) {
      const [{ index }] = atlas.nearest(from, 1);
      view.pin(atlas.latent(index), index);
    } else if (event.key === "Enter") view.pin(rounded(from));
    else if (event.key === "+" || event.key === "=") map.zoom(1 / 1.5);
    else if (event.key === "-") map.zoom(1.5);
    else if (event.key === "0") map.frame = { ...map.home };
    else return;
    event.preventDefault();
    view.redraw();
    if ("+=-0".includes(event.key) || map.isMoved) view.tell(300);
  });
}
