// Charts as files, made here of the figures that the page holds: CSV for a spreadsheet, PNG for a document.
const HEAD = 56; // Room for the title and the lines' names above a picture, in CSS pixels.
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const iso = (stamp) => new Date(stamp * 1000).toISOString().slice(0, 10);
const read = (host) => JSON.parse(document.getElementById(host.dataset.source).textContent);

// The page, the chart and its period: usage-requests-2026-03-01-2026-03-30.csv.
function nameOf(host, { days }, ending) {
  const words = `${document.title.split(" · ")[0]} ${host.id}`;
  const plain = words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `${plain}-${iso(days[0])}-${iso(days.at(-1))}.${ending}`;
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// A spreadsheet takes what begins with one of these for a formula.
const cell = (value) => `"${String(value).replace(/^[=+\-@\t]/, "'$&").replaceAll('"', '""')}"`;

function csv(host) {
  const data = read(host);
  const lines = [[cell(host.dataset.day), ...data.series.map(({ label }) => cell(label))]];
  data.days.forEach((day, at) => lines.push([iso(day), ...data.series.map(({ values }) => values[at] ?? "")]));
  const text = lines.map((line) => line.join(",")).join("\r\n");
  save(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv;charset=utf-8" }), nameOf(host, data, "csv"));
}

// What is drawn, in the theme that it is drawn in, under its title and beside the names of its lines.
function png(host, plot) {
  const data = read(host);
  const drawn = plot.ctx.canvas;
  const scale = drawn.width / plot.width;
  const canvas = Object.assign(document.createElement("canvas"), { width: drawn.width, height: drawn.height + HEAD * scale });
  const pen = canvas.getContext("2d");
  pen.fillStyle = css("--card");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(drawn, 0, HEAD * scale);
  pen.scale(scale, scale);
  pen.fillStyle = css("--foreground");
  pen.font = "600 14px Inter, sans-serif";
  pen.fillText(host.getAttribute("aria-label"), 12, 22);
  pen.font = "12px Inter, sans-serif";
  let left = 12;
  data.series.forEach(({ label }, i) => {
    pen.strokeStyle = css(`--chart-${i + 1}`);
    pen.lineWidth = 2.5;
    pen.setLineDash(plot.series[i + 1].dash ?? []);
    pen.beginPath();
    pen.moveTo(left, 40);
    pen.lineTo(left + 20, 40);
    pen.stroke();
    pen.fillStyle = css("--muted-foreground");
    pen.fillText(label, left + 26, 44);
    left += 44 + pen.measureText(label).width;
  });
  canvas.toBlob((blob) => save(blob, nameOf(host, data, "png")));
}

// The buttons under each chart; `plotOf` is what draws it now.
export function offer(plotOf) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-save]");
    const host = button && document.getElementById(button.dataset.of);
    if (!host) return;
    if (button.dataset.save === "csv") csv(host);
    else if (plotOf(host)) png(host, plotOf(host));
  });
}
