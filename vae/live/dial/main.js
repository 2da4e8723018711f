// What Streamlit calls for the slider through a series of runs; its data is `dial_data` of dial.py.

import { mounting } from "../scrubber/mounting.js";
import { Dial } from "./dial.js";
import { Series } from "./series.js";

export default mounting(Series, Dial);
