"""Draws charts from the figures of deploy/bench --json: python3 charts.py FIGURES.json FOLDER"""

import html
import json
import pathlib
import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 300, 70, 50, 46
# Readable on white and on black.
BLUE, GREY, TEXT = "#2f81f7", "#8b949e", "#7d8590"


class Chart:
    """One value axis from zero, and what is drawn in it."""

    def __init__(self, title, unit, highest):
        step = next(step for power in range(-1, 8) for step in (10**power, 2 * 10**power, 5 * 10**power)
                    if highest <= 5 * step)
        self.top_value = 5 * step
        self.parts = []
        self.text(LEFT, 24, title, size=15)
        for number in range(6):
            value = number * step
            y = self.y(value)
            self.parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - 10}" stroke="{GREY}" stroke-opacity="0.3"/>')
            self.text(LEFT - 8, y + 4, f"{value:,g}", anchor="end")
        self.text(LEFT - 8, TOP - 10, unit, anchor="end")

    def y(self, value):
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / self.top_value

    def text(self, x, y, text, anchor="start", size=12):
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{html.escape(text)}</text>')

    def bar(self, x, width, value, colour):
        y = self.y(value)
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{HEIGHT - BOTTOM - y:.1f}" fill="{colour}"/>')
        self.text(x + width / 2, y - 4, f"{value:,.0f}", anchor="middle", size=11)

    def line(self, points, colour):
        path = " ".join(f"{x:.1f},{self.y(value):.1f}" for x, value in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')

    def legend(self, names):
        x = LEFT
        for name, colour in names:
            self.parts.append(f'<rect x="{x}" y="{HEIGHT - 16}" width="11" height="11" fill="{colour}"/>')
            self.text(x + 16, HEIGHT - 6, name)
            x += 30 + 7 * len(name)

    def write(self, path):
        path.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" font-family="system-ui, sans-serif" fill="{TEXT}">\n' + "\n".join(self.parts)
            + "\n</svg>\n")


def acks(figures):
    workers = figures["workers"]
    chart = Chart("Webhooks taken in, on disk before the answer", "per s", max(
        entry[name]["per_s"] for entry in workers.values() for name in ("empty", "byoc")))
    room = (WIDTH - LEFT - 10) / len(workers)
    for number, (count, entry) in enumerate(workers.items()):
        x = LEFT + room * number + room * 0.14
        chart.bar(x, room * 0.34, entry["empty"]["per_s"], GREY)
        chart.bar(x + room * 0.38, room * 0.34, entry["byoc"]["per_s"], BLUE)
        chart.text(x + room * 0.36, HEIGHT - BOTTOM + 15, f"{count} worker" + "s" * (count != "1"), anchor="middle")
    chart.legend([("an empty responder in C", GREY), ("byoc", BLUE)])
    return chart


def backlog(figures):
    rates = figures["tenths_per_s"]
    chart = Chart(f"{figures['messages']:,} waiting messages on their way to Freshchat", "per s", max(rates))
    room = (WIDTH - LEFT - 10) / len(rates)
    chart.line([(LEFT + room * (number + 0.5), rate) for number, rate in enumerate(rates)], BLUE)
    for number in range(len(rates)):
        chart.text(LEFT + room * (number + 0.5), HEIGHT - BOTTOM + 15, f"{number + 1}", anchor="middle")
    chart.legend([("rate of each tenth", BLUE)])
    return chart


def main():
    figures = json.loads(pathlib.Path(sys.argv[1]).read_text())
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for part, draw in (("ack", acks), ("backlog", backlog)):
        if part in figures:
            draw(figures[part]).write(folder / f"{part}.svg")


if __name__ == "__main__":
    main()
