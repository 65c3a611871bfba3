"""The sample instances, turned towards the demo's own servers. What they poll and filter stays as it is."""

from __future__ import annotations

import secrets
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cwconsole.cli.demo_pace import Pace
from cwconsole.cli.instance_files import read_file
from cwconsole.core.document import Json
from cwconsole.core.errors import UsageError
from cwconsole.core.instance_body import POLLER, InstanceBody, canonical
from cwconsole.core.instance_config import to_config

COMPANY = "exampleco"
PUBLIC_KEY = "demo-public-key"
CLIENT_ID = "00000000-0000-4000-8000-000000000000"
OVERLAP_SECONDS = (
    5  # shorter than the demo, so that what polls miss is not read again by chance; longer than it is late
)
SIGNATURE = "event.notification.signature.key"
PRIVATE = "private.key"

_ENV = "env:"
_FOLDER = "sample_instances"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample instance. paths: what it polls. signature_key: made for the demo, None if the sample signs nothing."""

    body: InstanceBody
    paths: tuple[str, ...]
    signature_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """All of them, and the one private key that the demo's ConnectWise takes."""

    each: tuple[Sample, ...]
    private_key: str = field(repr=False)

    @property
    def paths(self) -> tuple[str, ...]:
        """Everything that is polled, each path once."""
        return tuple(dict.fromkeys(path for sample in self.each for path in sample.paths))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the samples' references name."""
        named = {}
        for sample in self.each:
            for key, secret in ((PRIVATE, self.private_key), (SIGNATURE, sample.signature_key)):
                reference = str(sample.body.configuration.get(key, ""))
                if reference.startswith(_ENV) and secret is not None:
                    named[reference.removeprefix(_ENV)] = secret
        return named


def read_samples() -> Samples:
    """The samples as they are in their folder. Raises UsageError if there are none."""
    bodies = [read_file(str(path)) for path in _files()]
    return Samples(each=tuple(_sample(body) for body in bodies), private_key=secrets.token_hex(16))


def _files() -> list[Path]:
    """In the source tree, or where an installation puts data files."""
    for root in (Path(__file__).parents[2], Path(sysconfig.get_path("data")) / "share" / "cwconsole"):
        found = sorted(path for path in (root / _FOLDER).glob("*") if path.suffix in {".toml", ".json"})
        if found:
            return found
    raise UsageError(
        f"The folder {_FOLDER} is not there; the demo needs it: install cwconsole anew, or run its source."
    )


def _sample(body: InstanceBody) -> Sample:
    resources = to_config(body).resources
    signs = bool(body.configuration.get(SIGNATURE))
    return Sample(
        body=body,
        paths=tuple(resource.path for resource in resources),
        signature_key=secrets.token_hex(16) if signs else None,
    )


def turned(samples: Samples, base_url: str, callback_urls: Sequence[str], pace: Pace) -> list[InstanceBody]:
    """The bodies for these servers, one callback for each: own keys, short intervals, events from now on.

    With intervals so short, a real company's budget of requests would not do.
    """
    return [
        _turned(sample, base_url, callback_url, samples.private_key, pace)
        for sample, callback_url in zip(samples.each, callback_urls, strict=True)
    ]


def _turned(sample: Sample, base_url: str, callback_url: str, private_key: str, pace: Pace) -> InstanceBody:
    told = sample.body.configuration
    configuration: dict[str, Json] = {
        "client.id": CLIENT_ID,
        **told,
        "baseUrl": base_url,
        "company": COMPANY,
        "public.key": PUBLIC_KEY,
        PRIVATE: _kept_reference(told.get(PRIVATE), private_key),
        "event.notification.enabled": True,
        "event.notification.callback.url": callback_url,
        "event.poller.refresh_interval": pace.poll / 60,
        "cwconsole.start": "now",
        "cwconsole.requests_per_minute": 0,
        POLLER: _hastened(told.get(POLLER), pace.sweep),
    }
    if sample.signature_key is not None:
        configuration[SIGNATURE] = _kept_reference(told.get(SIGNATURE), sample.signature_key)
    return canonical({**sample.body.document, "configuration": configuration})


def _kept_reference(told: Json, secret: str) -> Json:
    """A reference to the environment stays one: the demo sets what it names."""
    return told if isinstance(told, str) and told.startswith(_ENV) else secret


def _hastened(pollers: Json, sweep_seconds: float) -> Json:
    """The pollers without intervals of their own, swept often, and reading little twice."""
    assert isinstance(pollers, dict)
    hastened: dict[str, Json] = {}
    for name, table in pollers.items():
        kept = dict(table) if isinstance(table, dict) else {}
        kept.pop("refresh_interval", None)
        hastened[name] = {**kept, "sweep_interval": sweep_seconds / 60, "overlap": OVERLAP_SECONDS}
    return hastened
