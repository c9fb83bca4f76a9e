"""config-linux.md, Mount Label: the SELinux context of mounts, which mountinfo shows as an option of the filesystem."""

from conformance.expectations.contract import Applicability, Evidence, Expectation, NotTestable, violated
from conformance.expectations.mounted import Entry, judge_each, look_at_mounts, mount_of, visible
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record


def _entries(config: Config) -> tuple[Entry, ...]:
    """Return mounts of a filesystem that is new, takes a context, and gets none of its own by the config."""
    return tuple(
        entry
        for entry in visible(config)
        if entry.type == "tmpfs" and not entry.bind and not any("context=" in option for option in entry.options)
    )


def _applies(config: Config, host: Host) -> Applicability:
    if not lookup(config, "/linux/mountLabel") or not _entries(config):
        return False
    return "selinux" in host.lsms or NotTestable("a host with SELinux")


def _judge(config: Config, _host: Host, record: Record) -> Evidence:
    label = lookup(config, "/linux/mountLabel")

    def one(entry: Entry) -> Evidence:
        # A context may hold commas, so the options are looked at as one text.
        shown = ",".join(mount_of(record, entry).super_options)
        if f"context={label}" not in shown and f'context="{label}"' not in shown:
            violated(expected={entry.destination: label}, observed={entry.destination: shown})
        return Evidence({entry.destination: label}, {entry.destination: shown})

    return judge_each(_entries(config), one)


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        requirement="linux.mountlabel.effect",
        applies=_applies,
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge,
    ),
)
