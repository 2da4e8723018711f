// Latents as a sheet of digits; each is a button.

/** The view "sheet". `update` takes {latents, captions, name}: captions may be empty, and name, a
 * word, says what each digit is. The trigger `picked` tells which was pressed, counted from 0. */
class Sheet {
  constructor(root, [decoder], say) {
    Object.assign(this, { decoder, say, shown: "" });
    this.sheet = element("div", { className: "sheet" });
    root.append(this.sheet);
  }

  update(data) {
    const { latents, captions, name } = data;
    if (JSON.stringify(data) === this.shown) return;
    this.shown = JSON.stringify(data);
    this.sheet.classList.toggle("captioned", captions.length > 0);
    this.#fit(latents.length);
    [...this.sheet.children].forEach((button, i) => {
      const [canvas, caption] = button.children;
      drawDigit(canvas, this.decoder.decode(Float32Array.from(latents[i])));
      canvas.setAttribute("aria-label", `${name} ${captions[i] ?? i + 1}`);
      caption.textContent = captions[i] ?? "";
    });
  }

  destroy() {}

  /** As many buttons as there are digits. */
  #fit(count) {
    while (this.sheet.children.length > count) this.sheet.lastChild.remove();
    for (let i = this.sheet.children.length; i < count; i++) {
      const onclick = () => this.say.trigger("picked", i);
      this.sheet.append(
        element("button", { type: "button", onclick }, digitCanvas(""), element("span")),
      );
    }
  }
}

function mountSheet(root, needed, say) {
  return new Sheet(root, needed, say);
}
