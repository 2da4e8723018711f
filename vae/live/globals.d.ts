// What `scripts.py` and the two entries `main.js` and `view.js` bring about.

/** A style sheet is a module whose default is its text. */
declare module "*.css" {
  const text: string;
  export default text;
}

/** What Streamlit hands to a component. */
// biome-ignore lint/suspicious/noExplicitAny: each view knows what its own data is
interface Component<Data = any> {
  data: Data;
  parentElement: ShadowRoot;
  setStateValue: (name: string, value: unknown) => void;
  setTriggerValue: (name: string, value: unknown) => void;
}

/** Where the views, whose script is small, find the stage, whose script comes with the bundles. */
declare var latentDigits:
  | {
      /** The views of the page, by what they are mounted in. */
      views: Map<ShadowRoot, Component>;
      /** Bytes of the files that are on their way or have come, by address. */
      coming?: Map<string, { got: number; size: number; isWhole: boolean }>;
      show?: (component: Component) => void;
      close?: (root: ShadowRoot) => void;
      /** The bundles that are sent for, by name, of those that wait until somebody needs them. */
      wanted?: Set<string>;
      /** Whether what an address gives is here, and need not be fetched again. */
      isKept?: (address: string) => boolean;
    }
  | undefined;
