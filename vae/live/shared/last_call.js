// Streamlit calls a component anew at each change. The answer to a call may come after that to the
// next one, and so may its clean-up.

/** Tells the last call from those that it has overtaken; by what the component is mounted in. */
export class LastCall {
  /** @type {WeakMap<object, object>} */
  #last = new WeakMap();

  /**
   * A new call; the function says whether it still is the last one.
   *
   * @param {object} root
   * @returns {() => boolean}
   */
  of(root) {
    const call = {};
    this.#last.set(root, call);
    return () => this.#last.get(root) === call;
  }

  /**
   * Nothing is mounted there any more: no answer counts.
   *
   * @param {object} root
   */
  end(root) {
    this.#last.delete(root);
  }
}
