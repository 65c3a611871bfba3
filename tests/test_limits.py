"""The limits that the design gives in numbers and that other tests use by their names, so that a slip would pass."""

from __future__ import annotations

from cwconsole.callback import sender
from cwconsole.core import breaker, config, delivery, page_size, polling
from cwconsole.engine import dispatcher, lane, supervisor
from cwconsole.http.client import EXCERPT_BYTES
from cwconsole.store import actions, connection, polls, replay_jobs, retention, writer
from cwconsole.tui import bridge, refresh

HOUR = 3600


def test_polling() -> None:
    assert (config.DEFAULT_OVERLAP, config.DEFAULT_SWEEP_INTERVAL) == (120, 24 * HOUR)
    assert config.DEFAULT_REQUESTS_PER_MINUTE == 900
    assert (page_size.FIRST, page_size.SMALLEST, config.LARGEST_PAGE) == (250, 25, 1000)
    assert (page_size.COMFORTABLE_BYTES, page_size.REMEMBER_MS) == (500_000, 24 * HOUR * 1000)
    assert (polling.FIRST_BACKOFF, polling.PARKED_INTERVAL, polling.FULL_READ_INTERVAL) == (5, HOUR / 4, HOUR)
    assert (polling.SWEEP_GUARD_SHARE, polling.SWEEP_GUARD_COUNT) == (0.1, 20)


def test_delivery() -> None:
    assert (sender.CONNECT_SECONDS, sender.TOTAL_SECONDS, EXCERPT_BYTES) == (5, 15, 20_000)
    assert delivery.SCHEDULES["standard"] == (
        *(5, 5 * 60, HOUR / 2, 2 * HOUR, 5 * HOUR, 10 * HOUR),
        *(14 * HOUR, 20 * HOUR, 24 * HOUR),
    )
    assert delivery.SCHEDULES["open-connectors"] == (8, 64, 512, 4096, 32_768)
    assert (delivery.JITTER, delivery.OVERLOAD_WAIT, delivery.LONGEST_RETRY_AFTER) == (0.2, 60, 24 * HOUR)
    assert (breaker.FAILING_SHARE, breaker.LEAST_RESULTS) == ((7, 10), 10)
    assert (breaker.WINDOW_SECONDS, breaker.OPEN_MS) == (300, 30_000)
    assert (lane.LANE_IN_FLIGHT, dispatcher.IN_FLIGHT, replay_jobs.DEFAULT_RATE) == (16, 64, 10)


def test_store_and_engine() -> None:
    assert (writer.GROUP_UNITS, writer.GROUP_SECONDS, connection.BUSY_SECONDS) == (256, 0.05, 5)
    assert (retention.KEEP_MS, polls.KEEP_QUIET_POLLS_MS) == (90 * 24 * HOUR * 1000, 48 * HOUR * 1000)
    assert actions.EXPIRES_MS == HOUR * 1000
    assert supervisor.LOOK_SECONDS <= 0.3, "when a queued action is picked up"
    assert supervisor.STOP_SECONDS == 10


def test_how_soon_consoles_show_what_others_write() -> None:
    assert refresh.PERIOD_SECONDS + 0.1 < bridge.PAUSE_SECONDS < 1, "told within a second, and read as soon as told"
    assert refresh.MOST_REST_SECONDS <= 1
