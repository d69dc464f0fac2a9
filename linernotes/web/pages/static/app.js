// Everything works without these; each makes one thing better where it finds what it is for.
import { watchCheck } from "./check.js";
import { dragYears } from "./histogram.js";
import { updateInPlace } from "./parts.js";
import { suggestFor } from "./suggest.js";

const field = document.getElementById("q");
if (field) suggestFor(field);
updateInPlace();
dragYears();
watchCheck();
