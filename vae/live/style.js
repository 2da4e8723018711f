// The style sheets of all views as one text.

import drawing from "./drawing/drawing.css";
import map from "./map/map.css";
import morph from "./morph/morph.css";
import palette from "./palette.css";
import pipeline from "./pipeline/pipeline.css";
import projections from "./projections/projections.css";
import live from "./shared/live.css";
import stripSlider from "./shared/strip_slider.css";
import sheet from "./sheet/sheet.css";
import sliders from "./sliders/sliders.css";
import theory from "./theory/theory.css";

export const STYLE = [
  palette,
  live,
  stripSlider,
  map,
  projections,
  sliders,
  sheet,
  morph,
  drawing,
  pipeline,
  theory,
].join("\n");
