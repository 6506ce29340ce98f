import "./charts.js";
import "./copy.js";
import "./live.js";
import "./menus.js";
import "./notifications.js";
import "./session.js";
