"""An event's page beside a receiver: the notification that it shows is the one that came, attempts are a timeline."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shlex
import time
from pathlib import Path
from typing import Any

from cwconsole.engine.crawl import Why
from cwconsole.simulator.simulator import Simulator
from tests.benchmarks.support import body, create, engine_on
from tests.cli.posts import Post, Posts
from tests.tui.rig import Rig, console

NAME = 'Zoë [/] [b 漢字 "\\ \u2028 & <b>'
SECRETS: dict[str, Any] = {
    "event__notification__signature__key": "SIGNATURE",
    "event__notification__basic__username": "ada",
    "event__notification__basic__password": "TOPSECRET",
    "event__notification__callback__headers": {"X-Api-Key": "TOPSECRET"},
}
SPECIAL = {
    "contacts": {
        "idField": "nickName",
        "datesConfiguration": {"updatedDateField": "anniversary", "updatedDateFormat": "yyyy-MM-dd HH:mm"},
    }
}
MADE_ANEW = {
    "webhook-timestamp", "webhook-signature", "elements-webhook-signature", "cwconsole-attempt", "cwconsole-replay",
}  # fmt: skip
OF_ANY_REQUEST = {"host", "accept", "accept-encoding", "user-agent", "content-length"}
TIMELINE = r"""delivery 1  ● delivered
  to {url}
   1  {second}  503 +{took}  first
      The receiver answered 503 Service Unavailable\.
   2  {second}  204 +{took}  operator

replay 2  ● delivered
  to {url}
   1  {second}  204 +{took}  replay"""


def tab(rig: Rig) -> str:
    text: str = rig.screen.query_one("#text").text
    return text


async def test_what_came_at_the_receiver_is_what_the_page_shows(tmp_path: Path) -> None:
    path = tmp_path / "cw.db"
    simulator, posts = Simulator(records=3), Posts(statuses=[503])
    posts.let_go.set()
    async with simulator.serve() as cw, posts.serve():
        special = {"event__poller__configuration": SPECIAL, **SECRETS}
        acme = body("acme", cw.base_url, callback=posts.url, **special) | {"tags": ["night"]}
        await asyncio.to_thread(create, path, acme)
        async with engine_on(path, scheduled=False) as engine, console(path, size=(120, 40)) as rig:
            rig.clock.ms = time.time_ns() // 1_000_000
            await engine.poll_all(Why(trigger="once"))
            fields = {"firstName": NAME, "nickName": "zoë-7", "anniversary": "2001-02-03 04:05"}
            simulator.world().create("/company/contacts", fields)
            await engine.poll_all(Why(trigger="once"))
            await rig.press("3")
            await rig.until(lambda: "▲ retrying" in rig.text())
            await rig.press("r")
            await rig.until(lambda: "● delivered" in rig.text())
            await rig.press("2", "enter", "r")
            await rig.until(lambda: "Send" in rig.text() and "y " in rig.text())
            await rig.press("y")
            await rig.until(lambda: len(posts.came) == 3)
            await rig.press("tab", "tab")
            for post in posts.came:
                _is_what_came(tab(rig), post)
            _is_of_the_configuration(posts.came[-1])
            await rig.press("u")
            await rig.until(lambda: bool(rig.app.clipboard))
            words = shlex.split(rig.app.clipboard)
            assert words[words.index("--data-binary") + 1].encode() == posts.came[-1].body
            await rig.press("tab")
            await rig.until(lambda: tab(rig).count("● delivered") == 2)
            timeline = TIMELINE.format(
                url=re.escape(posts.url), second=r"\d{4}-\d\d-\d\d [\d:]{8} UTC", took=r"[\d.]+m?s"
            )
            assert re.fullmatch(timeline, tab(rig))


def _is_of_the_configuration(post: Post) -> None:
    """Page and receiver alike could be wrong: what sends and what shows takes these from one place."""
    message = json.loads(post.body)["message"]
    (event,) = message["events"]
    assert (message["instanceName"], message["instanceTags"]) == ("acme", ["night"])
    assert (event["objectId"], event["date"]) == ("zoë-7", "2001-02-03T04:05:00Z")


def _is_what_came(text: str, post: Post) -> None:
    """Byte by byte, but for spaces and line breaks; and each header, but for what each attempt makes anew."""
    head, document, _ = text.split("\n\n")
    (request, *lines, basic, anew) = head.split("\n")
    assert request == f"POST {post.url}"
    body = json.dumps(json.loads(document), separators=(",", ":"), ensure_ascii=False)
    assert body.encode() == post.body
    came = {name.lower(): value for name, value in post.headers.items()}
    assert basic == "basic auth: ada:********"
    assert came.pop("authorization") == f"Basic {base64.b64encode(b'ada:TOPSECRET').decode()}"
    assert came.pop("x-api-key") == "TOPSECRET"
    shown = dict(line.lower().split(": ") for line in lines)
    assert shown.pop("x-api-key") == "********"
    assert shown == {name: value for name, value in came.items() if name not in MADE_ANEW | OF_ANY_REQUEST}
    assert all(name in anew or "signature" in name for name in came.keys() & MADE_ANEW)
