"""The results as a table with ratios, as a JSON object and as a chart. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from benchmarks.throughput.ingest_run import IngestRun

LATENCIES = {"at_25_percent": "25 %", "at_50_percent": "50 %", "at_90_percent": "90 %", "at_15k": "15,000/s"}
BAR_WIDTH, BAR_HEIGHT, LEFT = 420, 26, 250
COLOURS = {"peer": "#b9c3cc", "ours": "#2f6fde"}


@dataclass
class ThroughputResults:
    """All measurements.

    Attributes:
        cores: of the machine, shared by all processes.
        peers: readings or rows per second, by peer.
        ours: runs of Rencheng, by name.
    """

    cores: int
    peers: dict[str, float] = field(default_factory=dict)
    ours: dict[str, IngestRun] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Published readings that are not stored, in all runs."""
        return sum(run.audit.lost for run in self.ours.values())

    @property
    def duplicate_rows(self) -> int:
        """Rows that are stored twice or were not published, in all runs."""
        return sum(run.audit.duplicated + run.audit.unexpected for run in self.ours.values())


def rates(results: ThroughputResults) -> Iterator[tuple[str, str, float, float]]:
    """Yield (group, name, rate per second, reference rate)."""
    peers, ours = results.peers, results.ours
    singles, copy = ours["singles"].per_s, peers["copy"]
    yield "peer", "paho, receive only", peers["receive_only"], singles
    yield "peer", "paho with a buffer, receive only", peers["receive_buffered"], singles
    yield "peer", "common form: queue, executemany", peers["common_form"], singles
    yield "ours", "Rencheng, publish to committed row", singles, singles
    yield "ours", "Rencheng, broker's window 20", ours["window_20"].per_s, singles
    yield "peer", "binary COPY, rows", copy, ours["arrays"].per_s
    yield "ours", "Rencheng, arrays of 20, rows", ours["arrays"].per_s, ours["arrays"].per_s
    yield "ours", "the same with two writers", ours["arrays_2_writers"].per_s, ours["arrays"].per_s


def table(results: ThroughputResults) -> str:
    """Return the table that `make bench` prints."""
    lines = [f"{'':36}{'per second':>10}{'Rencheng is':>14}"]
    lines += [
        f"{name:36}{rate:>10,.0f}" + ("" if who == "ours" else f"{reference / rate:>12.2f} x")
        for who, name, rate, reference in rates(results)
    ]
    lines += ["", f"{'publish to committed, ms':36}{'p50':>10}{'p99':>14}{'max':>10}"]
    for name, title in LATENCIES.items():
        run = results.ours[name]
        cells = f"{run.latency_ms(0.5):>10.0f}{run.latency_ms(0.99):>14.0f}{run.latencies_ms[-1]:>10.0f}"
        lines.append(f"{f'  at {title} ({run.per_s:,.0f}/s)':36}{cells}")
    singles = results.ours["singles"]
    lines += [
        "",
        (
            f"{sum(run.readings for run in results.ours.values()):,} readings published to Rencheng:"
            f" {results.lost} lost, {results.duplicate_rows} rows duplicated"
        ),
        (
            f"memory of its processes, MB: {', '.join(f'{mb:.0f}' for mb in singles.rss_mb)};"
            f" {results.cores} cores for broker, database, load and all"
        ),
    ]
    return "\n".join(lines)


def as_json(results: ThroughputResults) -> dict[str, Any]:
    """Return the report as JSON values."""
    peers, ours = results.peers, results.ours
    singles = ours["singles"]
    return {
        "end_to_end_msgs_per_s": round(singles.per_s),
        "common_form_msgs_per_s": round(peers["common_form"]),
        "receive_only_msgs_per_s": round(peers["receive_only"]),
        "receive_buffered_msgs_per_s": round(peers["receive_buffered"]),
        "copy_rows_per_s": round(peers["copy"]),
        "arrays20_rows_per_s": round(ours["arrays"].per_s),
        "arrays20_rows_per_s_2_writers": round(ours["arrays_2_writers"].per_s),
        "lost": results.lost,
        "duplicate_rows": results.duplicate_rows,
        "p99_commit_ms_at_15k": round(ours["at_15k"].latency_ms(0.99), 1),
        "process_rss_mb": round(max(mb for run in ours.values() for mb in run.rss_mb), 1),
        "msgs_per_s_window_20": round(ours["window_20"].per_s),
        "ratio_to_common_form": round(singles.per_s / peers["common_form"], 3),
        "ratio_to_receive_buffered": round(singles.per_s / peers["receive_buffered"], 3),
        "ratio_arrays20_to_copy": round(ours["arrays"].per_s / peers["copy"], 3),
        "ratio_arrays20_2_writers_to_copy": round(ours["arrays_2_writers"].per_s / peers["copy"], 3),
        "cores": results.cores,
        "runs": {
            name: {
                "readings": run.readings,
                "per_s": round(run.per_s),
                "lost": run.audit.lost,
                "doubled": run.audit.duplicated,
                "p50_ms": round(run.latency_ms(0.5), 1),
                "p99_ms": round(run.latency_ms(0.99), 1),
                "rss_mb": [round(mb, 1) for mb in run.rss_mb],
            }
            for name, run in ours.items()
        },
    }


def chart(results: ThroughputResults) -> str:
    """Return a bar chart as SVG. Rates with another reference have a scale of their own."""
    rows = list(rates(results))
    parts = []
    for at, (who, name, rate, reference) in enumerate(rows):
        group = [other for _, _, other, its in rows if its == reference]
        y, width = 40 + at * (BAR_HEIGHT + 8), BAR_WIDTH * rate / max(group)
        parts.append(f'<text x="{LEFT - 8}" y="{y + 17}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.0f}" height="{BAR_HEIGHT}" fill="{COLOURS[who]}"/>')
        parts.append(f'<text x="{LEFT + width + 6:.0f}" y="{y + 17}">{rate:,.0f}</text>')
    size = f"{LEFT + BAR_WIDTH + 80} {60 + len(rows) * (BAR_HEIGHT + 8)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" aria-label="Throughput">'
        "<style>text{font:12px sans-serif;fill:#26323d}.title{font-weight:bold;font-size:14px}</style>"
        f'<text class="title" x="8" y="22">Readings a second, {results.cores} cores for everything</text>'
        f"{''.join(parts)}</svg>\n"
    )
