// Says to a screen reader what has changed, once it rests; the eye sees it elsewhere.

const REST = 400; // milliseconds

/** @type {WeakMap<object, ReturnType<typeof setTimeout>>} */
const waiting = new WeakMap();

/** @param {Component} component */
export default function ({ data, parentElement }) {
  let place = parentElement.querySelector("[role=status]");
  if (!place) {
    place = document.createElement("p");
    place.setAttribute("role", "status");
    place.setAttribute(
      "style",
      "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)",
    );
    parentElement.append(place);
  }
  clearTimeout(waiting.get(parentElement));
  waiting.set(
    parentElement,
    setTimeout(() => {
      if (place.textContent !== data) place.textContent = data;
    }, REST),
  );
}
