"""Tables and a plot of measured curves: {name: {"title", "rows": [{"x", figure: value}]}}."""
import html
import math

PALETTE = ("#30638e", "#d1495b", "#00798c", "#edae49", "#6a4c93", "#555555")


def figures(rows):
    return [key for key in rows[0] if key not in ("x", "name")]


def text(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def cliffs(rows, growth):
    """(figure, from, to, factor) where a cost grows by more than `growth` between neighbours."""
    found = []
    for key in figures(rows):
        if key == "answers per second" or key == "failures":
            continue
        for before, after in zip(rows, rows[1:]):
            if before[key] > 0 and after[key] / before[key] > growth:
                found.append((key, label(before), label(after), after[key] / before[key]))
    return found


def label(row):
    return row.get("name") or f"{row['x']:,}"


def tables(curves, facts, growth):
    """Markdown of all curves, each with its cliffs."""
    parts = [f"# {facts['date']}, {facts['cpu']}, {facts['cores']} cores, "
             f"{facts['memory_gib']} GiB\n"]
    for curve in curves.values():
        rows = curve["rows"]
        keys = figures(rows)
        parts.append("| " + " | ".join([curve["title"], *keys]) + " |")
        parts.append("|" + " --- |" * (len(keys) + 1))
        for row in rows:
            parts.append("| " + " | ".join([label(row), *(text(row[k]) for k in keys)]) + " |")
        found = cliffs(rows, growth)
        parts.append("\nCliffs: " + ("none" if not found else "; ".join(
            f"{key} from {a} to {b}: {f:.1f} x" for key, a, b, f in found)) + "\n")
    return "\n".join(parts) + "\n"


def panel(curve, left, top, width, height):
    """SVG of one curve, both axes logarithmic."""
    rows, keys = curve["rows"], figures(curve["rows"])
    xs = [math.log10(r["x"]) for r in rows]
    ys = [math.log10(r[k]) for r in rows for k in keys if r[k] > 0]
    x_low, x_high = min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1
    y_low, y_high = math.floor(min(ys)), math.ceil(max(ys))
    if y_low == y_high:
        y_high += 1

    def at(x, y):
        return (left + width * (x - x_low) / (x_high - x_low),
                top + height * (1 - (y - y_low) / (y_high - y_low)))

    out = [f'<text x="{left}" y="{top - 10}" font-weight="bold">{html.escape(curve["title"])}'
           "</text>"]
    for power in range(y_low, y_high + 1):
        _, y = at(x_low, power)
        out.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + width}" y2="{y:.1f}" '
                   f'stroke="#dddddd"/><text x="{left - 6}" y="{y + 4:.1f}" '
                   f'text-anchor="end">{10.0 ** power:g}</text>')
    for row, x in zip(rows, xs):
        px, _ = at(x, y_low)
        out.append(f'<text x="{px:.1f}" y="{top + height + 16}" text-anchor="middle">'
                   f"{label(row)}</text>")
    for n, key in enumerate(keys):
        points = [at(x, math.log10(r[key])) for r, x in zip(rows, xs) if r[key] > 0]
        if not points:
            continue
        colour = PALETTE[n % len(PALETTE)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        out.append(f'<rect x="{left + width + 14}" y="{top + 18 * n}" width="12" height="12" '
                   f'fill="{colour}"/><text x="{left + width + 32}" y="{top + 18 * n + 10}">'
                   f"{html.escape(key)}</text>")
    return out


def plot(curves):
    width, height, gap = 560, 200, 80
    total = len(curves) * (height + gap) + 20
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="960" height="{total}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="960" height="{total}" fill="#ffffff"/>']
    for n, curve in enumerate(curves.values()):
        out += panel(curve, 80, 40 + n * (height + gap), width, height)
    return "\n".join(out + ["</svg>", ""])
