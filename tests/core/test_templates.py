"""URL templates: every form that published poller configurations use, and the malformed ones among them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.errors import ConfigError
from cwconsole.core.templates import Moment, fill_properties, moments_in, render

T = "yyyy-MM-dd'T'HH:mm:ss"
D = "yyyy-MM-dd HH:mm:ss"
LAST_POLL = 1534778974827  # 2018-08-20T15:29:34.827Z
NOW = LAST_POLL + 60_000
PROPERTIES = {"TimeZone": "America/Denver", "odd": "a}b'"}


def _render(template: str) -> str:
    return render(fill_properties(template, PROPERTIES), last_poll_ms=LAST_POLL, now_ms=NOW)


FORMS = [
    ("${date:%TXXX}", "2018-08-20T15:29:34Z"),
    ("${date:%T'Z'}", "2018-08-20T15:29:34Z"),
    ("${date:%T.SSS'Z'}", "2018-08-20T15:29:34.827Z"),
    ("${date:EEE, dd MMM yyyy HH:mm:ss Z}", "Mon, 20 Aug 2018 15:29:34 +0000"),
    ("${date:%T}", "2018-08-20T15:29:34"),
    ("${date:%D}", "2018-08-20 15:29:34"),
    ("${date:yyyy-MM-dd}", "2018-08-20"),
    ("${date:%T.SSS}", "2018-08-20T15:29:34.827"),
    ("${date:%TZ}", "2018-08-20T15:29:34+0000"),
    ("${date}", "2018-08-20T15:29:34Z"),
    ("${gmtDate}", "2018-08-20T15:29:34Z"),
    ("${gmtDate:%T'Z'}", "2018-08-20T15:29:34Z"),
    ("${gmtDate:%TXXX}", "2018-08-20T15:29:34Z"),
    ("${gmtDate:%D}", "2018-08-20 15:29:34"),
    ("${gmtDate:%T}", "2018-08-20T15:29:34"),
    ("${gmtDate:%T.SSS'Z'}", "2018-08-20T15:29:34.827Z"),
    ("${gmtDate:%T.SSSXXX}", "2018-08-20T15:29:34.827Z"),
    ("${gmtDate:%T.SSSSSSXXX}", "2018-08-20T15:29:34.000827Z"),
    ("${epoch}", "1534778974827"),
    ("${epoch:ms}", "1534778974827"),
    ("${epoch:s}", "1534778974"),
    ("${epoch:us}", "1534778974827000"),
    ("${milliseconds}", "1534778974827"),
    ("${dateTimeZone:{TimeZone}:%D}", "2018-08-20 09:29:34"),
    ("${dateTimeZone:GMT:%T}", "2018-08-20T15:29:34"),
    ("${dateTimeZone:CST:%TXXX}", "2018-08-20T10:29:34-05:00"),
    ("${dateTimeZone:PST:%D -0800}", "2018-08-20 08:29:34 -0800"),
    ("${dateTimeZone:-8:00:%TXXX}", "2018-08-20T07:29:34-08:00"),
    ("${dateTimeZone:+6:00:%TXXX}", "2018-08-20T21:29:34+06:00"),
    ("${dateTimeZone:America/Denver:HH:mm}", "09:29"),
    ("${DateTimeZone:PST:%T.SSS}", "2018-08-20T08:29:34.827"),
    ("${nowTimeZone:GMT:%T}", "2018-08-20T15:30:34"),
]


@pytest.mark.parametrize(("token", "expected"), FORMS)
def test_every_form_in_use_is_filled_in(token: str, expected: str) -> None:
    written = token.replace("%T", T).replace("%D", D)
    assert _render(f"x>'{written}' and y") == f"x>'{expected}' and y"


MALFORMED = [
    "${518862600}",
    f"${{{T}'Z'}}",
    "${date:10 digit integer Unix time}",
    "${epoch:0}",
    "${epoch:h}",
    "${milliseconds:s}",
    "${dateTimeZone:PST}",
    "${dateTimeZone:}",
    "${nowTimeZone:Mars/Olympus:HH}",
    "${dateTimeZone:{Zone}:HH}",
    "${dateTimeZone:{odd}:HH}",
    "${date:yyyy'}",
    "${gmtDate:yyyy",
    "${",
    "${}",
    "${{{a}}}",
    "${gmtDate:${gmtDate}}",
    "${unknown}",
]


@pytest.mark.parametrize("token", MALFORMED)
def test_a_malformed_token_is_an_error_that_names_the_key_and_is_never_sent(token: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fill_properties(f"where=lastUpdated>'{token}'", PROPERTIES, key="resource.url")
    assert caught.value.key == "resource.url"
    assert caught.value.found


def test_text_without_tokens_stays_as_it_is() -> None:
    assert _render("a $ b {c} $(d) }") == "a $ b {c} $(d) }"


def test_tokens_tell_which_time_they_stand_for() -> None:
    assert moments_in("a ${gmtDate} b ${nowTimeZone:GMT:HH}") == {Moment.LAST_POLL, Moment.NOW}
    assert moments_in("a") == set()


def test_properties_can_be_filled_in_before_the_times() -> None:
    assert fill_properties("x=${dateTimeZone:{TimeZone}:HH:mm}", PROPERTIES) == "x=${dateTimeZone:America/Denver:HH:mm}"


def test_times_before_the_epoch_are_rounded_down() -> None:
    assert render("${epoch:s}", last_poll_ms=-1, now_ms=0) == "-1"


@given(
    st.text("${}:'gmtDaeZonw/ yHs{}", max_size=40) | st.from_regex(re.compile(r"(\$\{[a-zA-Z]+(:[^{}]*)?\}|.){0,4}"))
)
def test_any_text_is_filled_in_or_refused_with_no_token_left(template: str) -> None:
    try:
        text = _render(template)
    except ConfigError:
        return
    assert "${" not in text
