"""The SSH line of the console that hosts the engine drops: what is on its way is seen through and recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cwconsole.cli import settings
from cwconsole.simulator.simulator import Running
from tests.cli.conftest import Cli, Stage, until
from tests.cli.posts import Posts
from tests.tui.terminals import console


def log() -> str:
    return settings.log_file().read_text()


def test_a_delivery_in_flight_is_recorded_before_the_process_ends(
    cli: Cli, stage: Stage, connectwise: Running, posts: Posts, write_body: Callable[..., Path]
) -> None:
    where = {"baseUrl": connectwise.base_url, "event.notification.callback.url": posts.url}
    cli.good("instances", "add", write_body(**where))
    assert cli("run", "--once").code == 0
    stage.call(lambda: connectwise.simulator.world().create("/company/contacts", {"firstName": "Ada"}))
    assert cli("poll", "acme", "contacts").code == 4, "it waits for the console's engine"
    with console(cli.path, env=cli.env) as terminal:
        terminal.until(lambda _: bool(posts.came))
        terminal.hang_up()
        until(lambda: "console ends by a signal" in log())
        assert [row["state"] for row in cli.good("deliveries", "list")] == ["sending"]
        stage.call(posts.let_go.set)
        assert terminal.ended() == 129
    assert "engine stopped" in log()
    (delivery,) = cli.good("deliveries", "list")
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
    (attempt,) = cli.good("deliveries", "show", delivery["id"])["attempts"]
    assert attempt["status"] == 204
    assert len(posts.came) == 1
