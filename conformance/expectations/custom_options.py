"""Mount options that are not in the spec's table: a runtime may know them, and then they mean what mount(8) says.

Only a tmpfs shows who knows an option: it refuses what it does not know itself, so whoever makes the mount has taken the
option for its own. On a bind mount the kernel ignores what is handed on.
"""

from collections.abc import Mapping

from conformance.expectations.contract import Applicability, Evidence, Expectation, violated
from conformance.expectations.mount_options import GROUPS
from conformance.expectations.mounted import Entry, judge_each, look_at_mounts, mount_of, visible
from conformance.expectations.tolerance import must_be_accepted
from conformance.record.config import Config
from conformance.record.host import Host
from conformance.record.record import Record

_IMPLIED: Mapping[str, frozenset[str]] = {
    "user": frozenset({"nosuid", "nodev", "noexec"}),
    "users": frozenset({"nosuid", "nodev", "noexec"}),
    "owner": frozenset({"nosuid", "nodev"}),
    "group": frozenset({"nosuid", "nodev"}),
}
"""Option of mount(8) to the options that it implies unless later ones say otherwise."""
_SAID = GROUPS["suid"] | GROUPS["dev"] | GROUPS["exec"] | {"defaults"}


def _implying(config: Config) -> tuple[Entry, ...]:
    return tuple(
        entry
        for entry in visible(config)
        if not entry.bind and entry.type == "tmpfs" and set(entry.options) & _IMPLIED.keys() and not set(entry.options) & _SAID
    )


def _applies(config: Config, _host: Host) -> Applicability:
    return bool(_implying(config))


def _judge_implied(config: Config, _host: Host, record: Record) -> Evidence:
    def one(entry: Entry) -> Evidence:
        mount = mount_of(record, entry)
        wanted = frozenset().union(*(_IMPLIED[option] for option in entry.options if option in _IMPLIED))
        if not wanted <= set(mount.options):
            violated(expected={entry.destination: sorted(wanted)}, observed=mount.options, evidence=mount)
        return Evidence({entry.destination: sorted(wanted)}, mount.options)

    if record.refusal is not None:
        return Evidence("known, or refused with an error", record.refusal.describe(), kind="refused")
    return judge_each(_implying(config), one)


def _judge_allowed(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_accepted(record, despite="an option that only mount(8) knows", oddities=_implying)


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(requirement="config.mounts.options.custom-allowed", applies=_applies, judge=_judge_allowed, judges_refusal=True),
    Expectation(
        requirement="config.mounts.options.custom-follow-mount8",
        applies=_applies,
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge_implied,
        judges_refusal=True,
    ),
)
