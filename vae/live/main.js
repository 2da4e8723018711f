// What Streamlit calls for each bundle. Reads what arrives; shows the views that wait for it.

const READERS = {
  decoder: (bundle) => new Decoder(bundle),
  map: (bundle) => new Atlas(bundle),
  digits: (bundle) => new Digits(bundle),
};

const VIEWS = { map: mountMap, sliders: mountSliders, sheet: mountSheet, morph: mountMorph };

globalThis.latentDigits ??= { waiting: new Map() };
Object.assign(globalThis.latentDigits, { show, close });

export default function ({ data }) {
  receive(data);
}
