// Everything works without these scripts; each improves one thing where its element is on the page.
import { watchCheck } from "./check.js";
import { dragYears } from "./histogram.js";
import { updateInPlace } from "./parts.js";
import { suggestFor } from "./suggest.js";

const field = document.getElementById("q");
if (field) suggestFor(field);
updateInPlace();
dragYears();
watchCheck();
