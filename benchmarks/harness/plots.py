"""Draws the pictures of results.json as SVG: `plots.py results.json directory`, in the peers' environment."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "alquimista"  # The same picture from the same figures.
import matplotlib.pyplot as plt  # noqa: E402 - After the choice of the backend.

OURS, THEIRS, TEXT = "#0f766e", "#94a3b8", "#334155"


def bars(axes: Any, plot: dict[str, Any]) -> None:  # noqa: ANN401 - matplotlib's own.
    labels = list(plot["series"])
    values = [median(plot["series"][label]) for label in labels]
    low = [value - min(plot["series"][label]) for label, value in zip(labels, values, strict=True)]
    high = [max(plot["series"][label]) - value for label, value in zip(labels, values, strict=True)]
    colours = [OURS if label.lower().startswith(("alquimista", "ours")) else THEIRS for label in labels]
    axes.barh(labels[::-1], values[::-1], color=colours[::-1], xerr=[low[::-1], high[::-1]], ecolor=TEXT, capsize=3)
    for place, value in enumerate(values[::-1]):
        text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        axes.annotate(text, (value, place), xytext=(8, 8), textcoords="offset points", va="center", color=TEXT)
    axes.margins(x=0.18)
    axes.set_xlabel(plot["unit"])


def lines(axes: Any, plot: dict[str, Any]) -> None:  # noqa: ANN401 - As above.
    for label, values in plot["series"].items():
        axes.plot(plot["x"][: len(values)], values, marker="o", markersize=3, label=label)
    axes.set_xlabel(plot["x_title"])
    axes.set_ylabel(plot["unit"])
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def draw(plot: dict[str, Any], directory: Path) -> None:
    height = 0.9 + 0.42 * len(plot["series"]) if plot["kind"] == "bars" else 3.6
    figure, axes = plt.subplots(figsize=(8, max(1.8, height)), layout="constrained")
    (bars if plot["kind"] == "bars" else lines)(axes, plot)
    axes.set_title(plot["title"], loc="left", color=TEXT, fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(directory / f"{plot['name']}.svg", metadata={"Date": None})
    plt.close(figure)


def main(results: Path, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    plots = [plot for case in json.loads(results.read_text())["cases"] for plot in case["plots"]]
    for old in directory.glob("*.svg"):
        if old.stem not in {plot["name"] for plot in plots}:
            old.unlink()
    for plot in plots:
        draw(plot, directory)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
