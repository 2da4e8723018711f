// What a visitor is told when something that came cannot be used.

/**
 * @param {string} what begins a sentence
 * @param {unknown} error
 */
export function couldNotBeRead(what, error) {
  return (
    `${what} could not be read. Reload the page; if that does not help, ` +
    `open it in a newer browser. (${error})`
  );
}
