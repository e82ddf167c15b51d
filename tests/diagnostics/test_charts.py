"""Charts: what they show, in pixels and in words."""

from __future__ import annotations

import base64
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tests.diagnostics.diagnoses import MINUTE, NOW_MS, diagnosis

from diagnostics.charts import depth_chart, diagnosis_charts, failure_chart, flow_chart, types_chart
from diagnostics.drawing import HEIGHT, WIDTH, reach
from diagnostics.text import text
from diagnostics.thresholds import Thresholds
from diagnostics.trends import Series
from diagnostics.trends.estimate import Estimate

NAN = float("nan")
SINCE = NOW_MS - 180 * MINUTE


def series(*values: float, unit: str = "jobs", step_ms: int = 0, source: str = "a test") -> Series:
    """Values spread evenly over the three hours before now."""
    at = np.linspace(SINCE, NOW_MS, max(len(values), 2)).astype(np.int64)
    value = np.array(values if len(values) > 1 else [NAN, *values] if values else [NAN, NAN], dtype=np.float64)
    known = at[np.isfinite(value)]
    since, until = (int(known[0]), int(known[-1])) if len(known) else (NOW_MS, NOW_MS)
    return Series(
        name="x",
        unit=unit,
        source=text(source),
        at_ms=at,
        value=value,
        since_ms=since,
        until_ms=until,
        step_ms=step_ms,
    )


def picture(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def has_colour(png: bytes, colour: str) -> bool:
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return bool((np.abs(picture(png) - wanted).sum(axis=2) < 12).sum() > 50)


CURVE, CRITICAL, WARNING = "#0b4f8a", "#b00020", "#8a5a00"
DEPTHS = {
    "below": (1.0, 4.0, 9.0),
    "near": (300.0, 450.0, 480.0),
    "above": (10.0, 900.0, 1400.0),
    "far above": (0.0, 20_000.0, 90_000.0),
    "zero": (0.0, 0.0, 0.0),
    "gaps": (10.0, NAN, 600.0, NAN, NAN, 700.0),
    "one": (7.0,),
    "empty": (),
}


@pytest.mark.parametrize("values", DEPTHS.values(), ids=DEPTHS)
@pytest.mark.parametrize("onset", [None, (NOW_MS - 60 * MINUTE, (NOW_MS - 70 * MINUTE, NOW_MS - 60 * MINUTE))])
def test_every_shape_of_data_gives_a_picture_of_the_same_size(values, onset):
    chart = depth_chart(series(*values), thresholds=Thresholds(), onset=onset, timezone="Europe/Moscow")
    assert picture(chart.png()).shape == (HEIGHT, WIDTH, 3)


def test_limits_within_reach_are_drawn_and_labelled():
    chart = depth_chart(series(*DEPTHS["above"]), thresholds=Thresholds())
    assert has_colour(chart.png(), CRITICAL)
    assert has_colour(chart.png(), WARNING)
    assert "warning > 500 jobs, critical > 1000 jobs" in chart.alt


def test_limits_out_of_reach_do_not_flatten_the_curve():
    small = depth_chart(series(*DEPTHS["below"]), thresholds=Thresholds()).png()
    assert not has_colour(small, CRITICAL)
    rows = np.argwhere((np.abs(picture(small) - [0x0B, 0x4F, 0x8A]).sum(axis=2) < 12).any(axis=1))
    assert rows.max() - rows.min() > 0.25 * HEIGHT


def test_unknown_is_a_gap_not_a_line_at_zero():
    """The same values, once with nothing known in the middle, once with zeros there."""
    gap = depth_chart(series(800, 800, NAN, NAN, 800, 800), thresholds=Thresholds()).png()
    zero = depth_chart(series(800, 800, 0, 0, 800, 800), thresholds=Thresholds()).png()
    blue = [(np.abs(picture(png) - [0x0B, 0x4F, 0x8A]).sum(axis=2) < 12).any(axis=1) for png in (gap, zero)]
    assert blue[1].sum() > 2 * blue[0].sum()


def test_no_data_is_said_with_its_reason():
    chart = failure_chart(series(unit="ratio", source="the log could not be read"), thresholds=Thresholds())
    assert "No data for this window: the log could not be read" in chart.alt
    assert not has_colour(chart.png(), CURVE)


def test_a_short_span_is_drawn_large_and_the_rest_is_named():
    few = series(*[NAN] * 95, 1, 2, 3, 4, 5)
    first, last = reach(few)
    assert first > SINCE
    assert last == NOW_MS


def test_a_ratio_is_shown_in_per_cent():
    chart = failure_chart(series(0.01, 0.034, unit="ratio"), thresholds=Thresholds())
    assert "Last 3.4 %" in chart.alt
    assert "critical > 5 %" in chart.alt


def test_a_chart_shows_itself_as_png_and_words():
    chart = depth_chart(series(1, 2, 3), thresholds=Thresholds())
    bundle, metadata = chart._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"] == chart.alt == repr(chart)
    assert metadata["image/png"]["width"] == WIDTH // 2


def test_the_curve_stands_out_in_greyscale():
    """Ink on white: the curve is dark and the hatching is light."""
    grey = picture(depth_chart(series(*DEPTHS["above"]), thresholds=Thresholds()).png()).mean(axis=2)
    assert (grey < 100).sum() > 500
    assert (grey > 240).mean() > 0.6


def test_long_words_of_another_language_stay_inside_the_picture(monkeypatch):
    """Russian labels are about a third longer than English ones, and wider."""
    monkeypatch.setattr("diagnostics.wording.translator", lambda _: lambda told: f"{told} {'н' * (len(told) // 3)}")
    for chart in diagnosis_charts(diagnosis(), language="ru", timezone="Europe/Moscow").values():
        edge = picture(chart.png())[:, -6:].mean(axis=2)
        assert (edge > 240).all()


def drawn() -> dict[str, bytes]:
    return {name: chart.png() for name, chart in diagnosis_charts(diagnosis(), language="en", timezone="UTC").items()}


def test_the_charts_of_a_diagnosis_are_named_for_what_they_show():
    files = drawn()
    assert set(files) == {"queue-depth", "error-rate"}
    assert all(data.startswith(b"\x89PNG") for data in files.values())


def test_the_same_diagnosis_gives_the_same_bytes():
    assert drawn() == drawn()


def test_the_depth_chart_ends_at_the_count_of_the_finding():
    assert "Last 1204 jobs" in diagnosis_charts(diagnosis())["queue-depth"].alt


def test_drawing_leaves_pyplot_alone():
    code = "import sys, diagnostics.charts; print('matplotlib.pyplot' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "False"


def overflow_charts():
    from tests.diagnostics.report.test_room import overflowing

    return diagnosis_charts(overflowing())


def test_the_queue_in_depth_has_two_charts_more():
    assert set(overflow_charts()) == {"queue-depth", "error-rate", "flow", "job-types"}
    assert set(diagnosis_charts(diagnosis())) == {"queue-depth", "error-rate"}


def test_flow_names_arrivals_throughput_and_capacity():
    chart = overflow_charts()["flow"]
    assert "arrivals" in chart.alt
    assert "capacity 600 jobs/min" in chart.alt
    flat = series(*[500.0] * 12, unit="jobs/min", step_ms=15 * MINUTE)
    output = Estimate(value=10.0, low=9.0, high=11.0, how=text("so"))
    assert has_colour(flow_chart(flat, flat, output=output).png(), "#8a5a00")


def test_a_burst_does_not_flatten_the_rest():
    calm = series(*[600.0] * 12, unit="jobs/min", step_ms=15 * MINUTE)
    burst = series(*[60000.0, *[600.0] * 11], unit="jobs/min", step_ms=15 * MINUTE)
    output = Estimate(value=10.0, low=9.0, high=11.0, how=text("so"))
    chart = flow_chart(burst, calm, output=output)
    rows = (picture(chart.png())[100:580, 200:1150] < 90).all(axis=2).sum(axis=1)
    assert 590 - (100 + int(np.argmax(rows))) > 100, "throughput lies on the floor of the chart"


def test_an_unknown_flow_is_no_zero():
    chart = flow_chart(series(), series(), output=None)
    assert "arrivals –, throughput –; capacity –" in chart.alt
    assert len(chart.png()) > 1000


def test_types_show_the_one_that_fills_the_slots_first():
    chart = overflow_charts()["job-types"]
    assert "crm:sync-contacts 2 s (100 % of slot time)" in chart.alt
    assert has_colour(chart.png(), "#9dbbd8")


def test_no_types_are_no_bars():
    chart = types_chart((), source=text("nothing"))
    assert "no data for this window" in chart.alt
    assert not has_colour(chart.png(), "#9dbbd8")
