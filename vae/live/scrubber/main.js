// What Streamlit calls for the slider through a run's snapshots; its data is `scrubber_data` of
// training_views.py.

import { History } from "./history.js";
import { mounting } from "./mounting.js";
import { Scrubber } from "./scrubber.js";

export default mounting(History, Scrubber);
