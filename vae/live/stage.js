// Where Python's bundles and the page's views meet.
//
// A bundle is what is heavy and constant: a decoder's weights, the points of a map, the digits.
// A view is what a visitor touches. Views name the bundles that they need and wait for them.

const KEPT_BUNDLES = 12;
const bundles = new Map(); // "decoder/1a2b3c" -> what `READERS` made of it, the latest last
const mounted = new Map(); // the shadow root of a component -> its view

/** Take a bundle in; one that is known already is not read again. */
async function receive(bytes) {
  const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? await unzipped(bytes) : bytes;
  const bundle = unpack(content);
  const { kind, id } = bundle.values;
  const name = `${kind}/${id}`;
  const known = bundles.get(name);
  bundles.delete(name);
  bundles.set(name, known ?? READERS[kind](bundle));
  for (const oldest of bundles.keys()) {
    if (bundles.size <= KEPT_BUNDLES) break;
    bundles.delete(oldest);
  }
  for (const show of globalThis.latentDigits.waiting.values()) show();
}

async function unzipped(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Show or update the view of a component, once all that it needs is there. */
function show({ data, parentElement, setStateValue, setTriggerValue }) {
  const needed = data.needs.map((name) => bundles.get(name));
  const missing = needed.includes(undefined);
  let view = mounted.get(parentElement);
  if (view && (missing || view.needs !== data.needs.join())) {
    close(parentElement);
    view = undefined;
  }
  if (missing) return notice(parentElement, "Loading the model …");
  if (!view) {
    const root = clean(parentElement);
    view = VIEWS[data.view](root, needed, { state: setStateValue, trigger: setTriggerValue });
    view.needs = data.needs.join();
    mounted.set(parentElement, view);
  }
  view.update(data);
}

function close(parentElement) {
  mounted.get(parentElement)?.destroy();
  mounted.delete(parentElement);
}

/** An empty, styled element in the component's shadow root. */
function clean(parentElement) {
  parentElement.querySelector(".live")?.remove();
  const root = element("div", { className: "live" });
  root.append(element("style", { textContent: STYLE }));
  parentElement.append(root);
  return root;
}

function notice(parentElement, words) {
  if (parentElement.querySelector(".live .notice")) return;
  clean(parentElement).append(element("p", { className: "notice faint", textContent: words }));
}
