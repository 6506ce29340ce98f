// Draws [data-plot] hosts with uPlot, over the server's still SVG: the same figures, plus a cursor.
import uPlot from "uplot";
import { offer } from "./download.js";

const root = document.documentElement;
const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const live = new Map(); // host → {plot, source}
const DASHES = [undefined, [5, 4], [2, 3], [10, 4, 2, 4]]; // Lines differ without their colours, too.

// Days are calendar dates of the tenant: shown as written, never shifted to the reader's own zone.
const day = (options) => new Intl.DateTimeFormat(root.lang, { timeZone: "UTC", ...options });
const number = (options) => new Intl.NumberFormat(root.lang, options);

function tooltip(host, colors, currency) {
  const written = number(currency ? { style: "currency", currency } : {});
  const tip = document.createElement("div");
  tip.className = "plot-tip";
  tip.hidden = true;
  host.append(tip);
  return (plot) => {
    const at = plot.cursor.idx;
    tip.hidden = at == null || plot.cursor.left < 0;
    if (tip.hidden) return;
    const title = document.createElement("p");
    title.className = "mb-1 font-medium";
    title.textContent = day({ weekday: "short", day: "numeric", month: "long" }).format(plot.data[0][at] * 1000);
    const rows = plot.series.slice(1).map((series, i) => {
      const row = document.createElement("p");
      row.className = "flex items-center gap-2";
      const dot = document.createElement("span");
      dot.className = "size-2 rounded-full";
      dot.style.background = colors[i];
      const label = Object.assign(document.createElement("span"), { textContent: series.label });
      label.className = "text-muted-foreground";
      const value = plot.data[i + 1][at];
      const figure = Object.assign(document.createElement("span"), { textContent: value == null ? "–" : written.format(value) });
      figure.className = "num ml-auto pl-4 font-medium";
      row.append(dot, label, figure);
      return row;
    });
    tip.replaceChildren(title, ...rows);
    const left = plot.bbox.left / devicePixelRatio + plot.cursor.left;
    const room = host.clientWidth - tip.offsetWidth;
    tip.style.left = `${Math.max(0, left + 16 > room ? left - tip.offsetWidth - 16 : left + 16)}px`;
    tip.style.top = "8px";
  };
}

function glow(plot, color) {
  const { top, height } = plot.bbox;
  const fill = plot.ctx.createLinearGradient(0, top, 0, top + height);
  fill.addColorStop(0, `color-mix(in srgb, ${color} 32%, transparent)`);
  fill.addColorStop(1, `color-mix(in srgb, ${color} 2%, transparent)`);
  return fill;
}

function draw(host) {
  const source = document.getElementById(host.dataset.source).textContent;
  live.get(host)?.plot.destroy();
  host.querySelectorAll(".plot-tip").forEach((tip) => tip.remove());
  const { days, series, currency } = JSON.parse(source);
  const colors = series.map((_, i) => css(`--chart-${i + 1}`));
  const axis = { stroke: css("--muted-foreground"), font: "12px Inter, sans-serif", ticks: { show: false } };
  const options = {
    width: host.clientWidth,
    height: host.clientHeight,
    legend: { show: false },
    padding: [12, 12, 0, 0],
    tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), "UTC"),
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 9 } },
    hooks: { setCursor: [tooltip(host, colors, currency)] },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.12 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, space: 72, size: 32, incrs: [1, 2, 3, 5, 7, 10, 15, 30].map((days) => days * 86_400), values: (_, ticks) => ticks.map((t) => day({ day: "2-digit", month: "short" }).format(t * 1000)) },
      { ...axis, grid: { stroke: css("--chart-grid"), width: 1 }, size: 58, incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, ...[1e3, 1e4, 1e5, 1e6, 1e7, 1e8].flatMap((n) => [n, 2 * n, 2.5 * n, 5 * n])], values: (_, ticks) => ticks.map((n) => number({ notation: "compact", maximumFractionDigits: 1 }).format(n)) },
    ],
    series: [
      {},
      ...series.map(({ label }, i) => ({
        label,
        stroke: colors[i],
        width: i ? 1.5 : 2.25,
        dash: DASHES[i % DASHES.length],
        points: { show: days.length === 1, size: 7 },
        paths: uPlot.paths.spline(),
        fill: i ? undefined : (plot) => glow(plot, css("--chart-1-fill")),
      })),
    ],
  };
  const plot = new uPlot(options, [days, ...series.map(({ values }) => values)], host);
  host.dataset.drawn = "";
  live.set(host, { plot, source });
}

function refresh({ force = false } = {}) {
  for (const [host, { plot }] of live) {
    if (host.isConnected) continue;
    plot.destroy();
    live.delete(host);
  }
  for (const host of document.querySelectorAll("[data-plot]")) {
    const source = document.getElementById(host.dataset.source)?.textContent;
    if (force || live.get(host)?.source !== source) draw(host);
  }
}

new ResizeObserver(() => {
  for (const [host, { plot }] of live) {
    if (plot.width !== host.clientWidth) plot.setSize({ width: host.clientWidth, height: host.clientHeight });
  }
}).observe(document.getElementById("content") ?? root);
offer((host) => live.get(host)?.plot);
document.addEventListener("themechange", () => refresh({ force: true }));
document.addEventListener("htmx:after:swap", () => refresh());
document.fonts.ready.then(() => refresh({ force: true }));
