"""The text of reproduce.sh: a record replayed by plain calls of the runtime. Pure.

The script works in mount and pid namespaces of its own, made with unshare(1), so that nothing outlives it. It replays the
record's operations in their order, looks at the container from the host where the record holds a snapshot, and cleans up
behind itself.
"""

import json
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.cases.case import Case, HostLink, HostMount, HostNamespace
from conformance.record.as_json import as_json
from conformance.record.config import Config, lookup
from conformance.record.operation import Operation, Status
from conformance.record.record import Record
from conformance.verdict.looks import looks
from conformance.verdict.outcome import Outcome
from conformance.verdict.relocation import WORK, Places, bind_sources
from conformance.verdict.shell import BEFORE, BUNDLE, END, ENTRY, FUNCTIONS, LANES

_MOUNT_OPTIONS = {1: "ro", 2: "nosuid", 4: "nodev", 8: "noexec"}
"""MS_ flags of mount(2) that mount(8) takes as options."""
_MS_BIND, _MS_REC = 4096, 16384


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the script is made of."""

    outcome: Outcome
    record: Record
    config: Config
    """The relocated config, which lies beside the script."""
    places: Places
    case: Case | None
    anchor: str
    statement: str
    notes: tuple[str, ...]
    rewritten: bool
    """The case put another config.json into the bundle before start."""


def script(plan: Plan) -> str:
    """Return the text of reproduce.sh."""
    values = {
        "runtime": shlex.quote(plan.outcome.runtime.path),
        "lane": shlex.quote(plan.outcome.lane),
        "net": " --net" if plan.case and plan.case.links else "",
    }
    parts = (
        "#!/bin/sh\n" + _header(plan),
        ENTRY % values,
        _containers(plan),
        FUNCTIONS,
        LANES,
        BUNDLE,
        "\n".join(_set_up(plan)),
        BEFORE,
        _look(plan),
        "\n".join(_events(plan)),
        END,
        _verdict(plan.outcome),
    )
    return "\n".join(part.strip("\n") + "\n" for part in parts if part.strip())


def _header(plan: Plan) -> str:
    outcome = plan.outcome
    runtime = outcome.runtime
    probed = (
        "The harness asked a probe inside the container; probe.txt has its system calls with their results."
        if plan.record.answers
        else ""
    )
    paragraphs = (
        f"{outcome.requirement} ({outcome.level.value}) {plan.statement}".rstrip(),
        plan.anchor,
        f"Seen with {runtime.name} {runtime.version} in case {outcome.case}: {outcome.title}",
        f"expected: {_plain(outcome.expected)}",
        f"observed: {_plain(outcome.observed)}",
        "Run it as root: sh reproduce.sh. RUNTIME=/path takes another runtime, LANE=host, v1 or v2 another view of the cgroups,"
        " and PAUSE=1 opens a shell at each look, with the container's process in $PID: its files are below /proc/$PID/root,"
        " and nsenter --target $PID with --net, --uts, --ipc, --pid or --mount enters its namespaces.",
        probed,
        *plan.notes,
    )
    return "".join(f"{_comment(each)}#\n" for each in paragraphs if each)


def _comment(text: str) -> str:
    lines = textwrap.wrap(" ".join(text.split()), 116, break_long_words=False, break_on_hyphens=False)
    return "".join(f"# {line}\n" for line in lines)


def _plain(value: Any) -> str:
    plain = as_json(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _containers(plan: Plan) -> str:
    """Define ID, the cgroups that are to go, and how every container of the record is ended."""
    created = [operation for operation in plan.record.operations if operation.name == "create"]
    ends = {}
    for operation in created:
        name = operation.container_id or plan.record.container_id
        flags = _words(operation.argv[1 : operation.argv.index("create")] if "create" in operation.argv else (), plan, operation)
        call = f'    timeout --foreground --signal=KILL 10 "$RUNTIME" {flags}'
        ends[name] = f"{call}kill {shlex.quote(name)} KILL\n{call}delete {shlex.quote(name)}\n"
    return (
        f"ID={shlex.quote(plan.record.container_id)}\n"
        + "end_containers() {\n    :\n"
        + "    sleep 0.1\n".join(ends.values())
        + "}\n"
        + _new_cgroups(plan.config)
    )


def _new_cgroups(config: Config) -> str:
    path = str(lookup(config, "/linux/cgroupsPath") or "").strip("/")
    parts = path.split("/") if path and ":" not in path else []
    paths = " ".join(shlex.quote("/" + "/".join(parts[:count])) for count in range(len(parts), 0, -1))
    if not paths:
        return "NEW_CGROUPS=\n"
    return (
        "NEW_CGROUPS=\n"
        f"for path in {paths}; do\n"
        "    for directory in /sys/fs/cgroup /sys/fs/cgroup/*; do\n"
        '        [ -d "$directory$path" ] || NEW_CGROUPS="$NEW_CGROUPS $directory$path"\n'
        "    done\n"
        "done\n"
    )


def _set_up(plan: Plan) -> Iterator[str]:
    if plan.case:
        for namespace in plan.case.namespaces:
            yield from _namespace(namespace)
        for mount in plan.case.mounts:
            yield from _mount(mount)
        for link in plan.case.links:
            yield from _link(link)
        if plan.case.umask is not None:
            yield f"umask {plan.case.umask:04o}"
    for source in bind_sources(plan.config):
        word = _double_quoted(source.replace(WORK, "$WORK"))
        yield f'[ -e {word} ] || {{ mkdir -p "$(dirname {word})"; : >{word}; }}'


def _namespace(namespace: HostNamespace) -> Iterator[str]:
    flag = {"network": "net"}.get(namespace.kind, namespace.kind)
    path = f'"$WORK"/ns/{shlex.quote(namespace.name)}'
    yield f": >{path}"
    if namespace.kind == "pid":
        # A pid namespace takes new processes only while its init lives.
        yield f"unshare --fork --kill-child --pid={path} sleep 3600 9>&- &\nsleep 0.2"
    else:
        yield f"unshare --{flag}={path}{' --map-root-user' if namespace.kind == 'user' else ''} true"


def _mount(mount: HostMount) -> Iterator[str]:
    target = _double_quoted(_filled(mount.target))
    options = ",".join(
        [*(word for flag, word in _MOUNT_OPTIONS.items() if mount.flags & flag), *([mount.data] if mount.data else [])]
    )
    kind = ("--rbind" if mount.flags & _MS_REC else "--bind") if mount.flags & _MS_BIND else f"-t {shlex.quote(mount.fstype)}"
    yield f"mkdir -p {target}"
    source = _double_quoted(_filled(mount.source or "none"))
    yield f"mount {kind}{f' -o {shlex.quote(options)}' if options else ''} {source} {target}"
    if mount.shared:
        yield f"mount --make-shared {target}"


def _link(link: HostLink) -> Iterator[str]:
    within = f'nsenter --net="$WORK"/ns/{shlex.quote(link.namespace)} ' if link.namespace else ""
    name = shlex.quote(link.name)
    yield f"{within}ip link add {name} mtu {link.mtu} type veth peer name {shlex.quote(f'{link.name}-')}"
    for address in link.addresses:
        yield f"{within}ip address add {shlex.quote(address)} dev {name}"
    if link.up:
        yield f"{within}ip link set {name} up"


def _filled(text: str) -> str:
    return text.replace("{host}", "$WORK/host").replace("{bundle}", "$WORK/bundle")


def _look(plan: Plan) -> str:
    pid_file = any("--pid-file" in operation.argv for operation in plan.record.operations)
    commands = "".join(f"    {command}\n" for command in looks(plan.outcome.requirement, plan.config))
    find = (
        'PID=$(cat "$WORK/pid" 2>/dev/null)'
        if pid_file
        else """PID=$(sed -n 's/.*"pid": *\\([0-9]*\\).*/\\1/p' "$WORK"/out.* | tail -n 1)"""
    )
    return (
        f"find_pid() {{ {find}; }}\n\n"
        "look() {\n"
        "    printf '\\n== the container, %s\\n' \"$1\"\n"
        "    find_pid\n"
        '    alive || { echo "there is no process"; return; }\n'
        f"{commands}"
        '    [ -z "${PAUSE:-}" ] || PID=$PID WORK=$WORK sh -i\n'
        "}\n"
    )


def _events(plan: Plan) -> Iterator[str]:
    """Replay operations and snapshots by their times; a snapshot taken at the moment of a call comes after it."""
    record = plan.record
    events: list[tuple[float, int, Operation | str]] = [(each.started, 0, each) for each in record.operations]
    events += [(snapshot.taken, 1, name) for name, snapshot in record.snapshots.items()]
    rewritten = plan.rewritten
    settled = False
    for _, _, event in sorted(events, key=lambda item: item[:2]):
        if isinstance(event, str):
            yield f"look {shlex.quote(event)}"
            continue
        if rewritten and event.name == "start":
            yield 'cp "$WORK/config.rewritten.json" "$WORK/bundle/config.json"'
            rewritten = False
        if event.before is Status.STOPPED and not settled:
            yield "settle"
        settled = event.before is Status.STOPPED
        yield from _operation(event, plan)


def _operation(operation: Operation, plan: Plan) -> Iterator[str]:
    yield f"# recorded: {' '.join(operation.describe().split())}"
    yield f'call "$RUNTIME" {_words(operation.argv[1:], plan, operation).strip()}'
    if operation.name == "create":
        yield "find_pid"
    elif operation.name == "start":
        yield "sleep 0.2"


def _words(argv: Sequence[str], plan: Plan, operation: Operation) -> str:
    """Return shell words, each followed by a blank. Paths of the run before the container id become paths below $WORK."""
    end = argv.index(operation.container_id) if operation.container_id in argv else len(argv)
    words = []
    for position, word in enumerate(argv):
        before = argv[position - 1] if position else ""
        words.append(_word(word, before, plan.places) if position < end else shlex.quote(word))
    return "".join(f"{word} " for word in words)


def _word(word: str, option: str, places: Places) -> str:
    if option == "--console-socket":
        return '"${CONSOLE_SOCKET:?a terminal needs the socket of a program that receives it}"'
    flag, equals, value = word.partition("=") if word.startswith("-") else ("", "", word)
    if not value.startswith("/"):
        return shlex.quote(word)
    moved = places.replace(value, "$WORK")
    if moved == value:
        moved = f"$WORK/{_own_name(flag or option, value)}"
    return (shlex.quote(flag + equals) if flag else "") + _double_quoted(moved)


def _own_name(option: str, path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    # The harness has CONTAINER.pid, and CONTAINER.pid2 for what must not be taken for the container.
    names: Mapping[str, str] = {"--root": "state", "--pid-file": name.rsplit(".", 1)[-1]}
    return names.get(option, name)


def _double_quoted(text: str) -> str:
    """Quote so that only `$WORK` at the start is expanded."""
    literal = text.removeprefix("$WORK")
    return f'"$WORK"{shlex.quote(literal) if literal else ""}' if literal != text else shlex.quote(text)


def _verdict(outcome: Outcome) -> str:
    lines = (
        f"the requirement: {outcome.requirement}",
        f"expected: {_plain(outcome.expected)}",
        f"recorded: {_plain(outcome.observed)}",
    )
    return "printf '\\n'\n" + "".join(f"printf '%s\\n' {shlex.quote(line)}\n" for line in lines)
