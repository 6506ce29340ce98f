import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from alquimista.errors import Unavailable
from alquimista.observability import exposition
from alquimista.observability.exposition import Exposition
from alquimista.observability.metrics import JOBS


@pytest.fixture
def process(tmp_path):
    """`process()` is one process: its exposition, a counter and a histogram of its own."""

    def start(directory=tmp_path):
        registry = CollectorRegistry()
        served = Counter("served", "Answers.", ("route",), registry=registry)
        seconds = Histogram("seconds", "How long.", buckets=(0.1, 1), registry=registry)
        shown = Exposition(directory)
        shown.add(registry)
        return shown, served, seconds

    return start


def samples(text: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


async def test_the_numbers_of_all_processes_are_added_up(process) -> None:
    (first, served, seconds), (second, other_served, other_seconds) = process(), process()
    served.labels("/a").inc(2)
    other_served.labels("/a").inc(3)
    other_served.labels("/b").inc()
    seconds.observe(0.05)
    other_seconds.observe(0.5)
    second.publish()
    shown = samples(await first.render())
    assert shown["served_total", ("/a",)] == 5
    assert shown["served_total", ("/b",)] == 1
    assert shown["seconds_bucket", ("0.1",)] == 1
    assert shown["seconds_bucket", ("+Inf",)] == 2
    assert shown["seconds_sum", ()] == pytest.approx(0.55)


async def test_a_process_that_died_still_counts_and_one_that_asks_counts_once(process) -> None:
    dead, served, _ = process()
    served.labels("/a").inc(7)
    dead.publish()
    served.labels("/a").inc(100)  # Never published: lost with the process.
    alive, also_served, _ = process()
    also_served.labels("/a").inc()
    alive.publish()
    assert samples(await alive.render())["served_total", ("/a",)] == 8


async def test_gauges_are_asked_at_each_scrape_and_left_out_when_they_cannot_be(process) -> None:
    first, _, _ = process()
    depth = GaugeMetricFamily("depth", "Jobs.", labels=["job"])
    depth.add_metric(["a"], 3)

    async def asked():
        return [depth]

    async def down():
        raise Unavailable

    first.watch(down)
    first.watch(asked)
    assert samples(await first.render())["depth", ("a",)] == 3


async def test_a_lone_process_needs_no_folder(process) -> None:
    alone, served, _ = process(None)
    alone.publish()
    served.labels("/a").inc()
    assert samples(await alone.render())["served_total", ("/a",)] == 1


async def test_the_rooms_metrics_are_always_there(process) -> None:
    JOBS.labels("test.shown", "success").inc()
    shown = samples(await process()[0].render())
    assert shown["alquimista_jobs_total", ("test.shown", "success")] >= 1
    assert exposition.CONTENT_TYPE.startswith("text/plain; version=0.0.4")
