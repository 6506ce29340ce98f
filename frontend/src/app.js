import "./charts.js";
import "./live.js";
import "./menus.js";
import "./session.js";
