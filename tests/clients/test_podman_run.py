"""podman run: what the container's program sees."""

import json

import pytest

from tests.clients.engines import IMAGE, Podman


def test_output_and_status_are_the_programs(podman: Podman) -> None:
    done = podman.run("--name=once", IMAGE, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.status, done.stdout, done.stderr) == (7, "out\n", "err\n")
    assert podman("container", "exists", "once").status == 1


def test_standard_input(podman: Podman) -> None:
    assert podman.run("--interactive", IMAGE, "wc", "-c", input="x" * 100_000).ok() == "100000"


def test_environment_working_directory_and_host_name(podman: Podman) -> None:
    done = podman.run("--env=A=b c", "--workdir=/tmp", "--hostname=somewhere", IMAGE, "sh", "-c", 'echo "$A"; pwd; hostname')
    assert done.ok().splitlines() == ["b c", "/tmp", "somewhere"]


@pytest.mark.parametrize(
    ("program", "status", "words"),
    [
        ("nosuch", 127, "executable file not found"),
        ("/bin/nosuch", 127, "no such file or directory"),
        ("/etc/passwd", 126, "permission denied"),
        ("/etc", 126, "permission denied|is a directory"),
    ],
)
def test_a_program_that_cannot_run(podman: Podman, program: str, status: int, words: str) -> None:
    done = podman.run("--name=never", IMAGE, program)
    assert done.status == status, done
    assert any(word in done.stderr.lower() for word in words.split("|"))
    assert podman("container", "exists", "never").status == 1


def test_a_bound_volume_is_written_and_a_read_only_one_is_not(podman: Podman) -> None:
    folder = podman.world.path("/var/tmp/bound")
    folder.mkdir()
    script = "echo inside >/rw/file; cat /ro/file; touch /ro/other"
    done = podman.run("--volume=/var/tmp/bound:/rw", "--volume=/var/tmp/bound:/ro:ro", IMAGE, "sh", "-c", script)
    assert (done.stdout, done.status) == ("inside\n", 1)
    assert "Read-only file system" in done.stderr
    assert [(entry.name, entry.read_text()) for entry in folder.iterdir()] == [("file", "inside\n")]


def test_a_named_volume_outlives_the_container(podman: Podman) -> None:
    podman.run("--volume=kept:/data", IMAGE, "sh", "-c", "echo one >/data/file").ok()
    assert podman.run("--volume=kept:/data", IMAGE, "cat", "/data/file").ok() == "one"
    podman("volume", "rm", "kept").ok()


def test_a_mount_made_outside_arrives_through_a_shared_volume(podman: Podman) -> None:
    shared = "mkdir /run/shared && mount -t tmpfs shared /run/shared && mount --make-shared /run/shared && mkdir /run/shared/sub"
    podman.world.run("sh", "-c", shared).ok()
    container = podman.detached("--volume=/run/shared:/shared:rslave", IMAGE, "sleep", "100")
    podman.world.run("mount", "-t", "tmpfs", "later", "/run/shared/sub").ok()
    assert "later /shared/sub tmpfs" in podman("exec", container, "cat", "/proc/mounts").ok()
    podman("rm", "--force", "--time=0", container).ok()
    podman.world.run("umount", "--recursive", "/run/shared").ok()


def test_read_only_root_with_a_tmpfs(podman: Podman) -> None:
    done = podman.run("--read-only", "--tmpfs=/fast:size=1m,mode=700", IMAGE, "sh", "-c", "touch /fast/x && mount; touch /x")
    assert done.status == 1
    assert "touch: /x: Read-only file system" in done.stderr
    (line,) = [line for line in done.stdout.splitlines() if " /fast " in line]
    assert "size=1024k" in line
    assert "mode=700" in line


def test_size_of_shared_memory(podman: Podman) -> None:
    assert "size=2048k" in podman.run("--shm-size=2m", IMAGE, "grep", "/dev/shm", "/proc/mounts").ok()


def test_sysctl(podman: Podman) -> None:
    options = ("--sysctl=net.ipv4.ip_forward=1", "--sysctl=kernel.msgmax=4321")
    done = podman.run(*options, IMAGE, "cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/msgmax")
    assert done.ok().split() == ["1", "4321"]


def test_nothing_but_standard_descriptors_is_open(podman: Podman) -> None:
    # The shell's expansion holds the directory itself open for a moment, as 3.
    done = podman.run(IMAGE, "sh", "-c", "ls -l /proc/$$/fd; true")
    assert [line.split()[8] for line in done.ok().splitlines() if "->" in line] == ["0", "1", "2"]


def test_descriptors_are_handed_on_if_asked(podman: Podman) -> None:
    command = " ".join(podman.command("run", "--rm", "--network=none", "--preserve-fds=1", IMAGE, "sh", "-c", "'cat <&3'"))
    assert podman.world.run("sh", "-c", f"echo third >/tmp/third; {command} 3</tmp/third").ok() == "third"


def test_descriptors_handed_on_by_a_service_manager(podman: Podman) -> None:
    command = " ".join(
        podman.command("run", "--rm", "--network=none", IMAGE, "sh", "-c", "'cat <&3; echo $LISTEN_FDS $LISTEN_PID'")
    )
    script = f"echo third >/tmp/third; export LISTEN_FDS=1; export LISTEN_PID=$$; exec {command} 3</tmp/third"
    assert podman.world.run("sh", "-c", script).ok().split() == ["third", "1", "1"]


def test_the_program_leads_a_session_and_no_signal_is_blocked_or_ignored(podman: Podman) -> None:
    done = podman.run(IMAGE, "sh", "-c", "cut -d' ' -f6 /proc/self/stat; exec grep -E '^Sig(Blk|Ign):' /proc/self/status")
    assert done.ok().split() == ["1", "SigBlk:", "0" * 16, "SigIgn:", "0" * 16]


def test_namespaces_of_the_host(podman: Podman) -> None:
    namespaces = ("sh", "-c", "for kind in net ipc uts pid; do readlink /proc/self/ns/$kind; done")
    outside = podman.world.run(*namespaces).ok().split()
    inside = podman("run", "--rm", "--network=host", "--ipc=host", "--uts=host", "--pid=host", IMAGE, *namespaces)
    assert inside.ok().split() == outside
    assert not set(podman.run(IMAGE, *namespaces).ok().split()) & set(outside)


def test_namespaces_of_another_container(podman: Podman) -> None:
    other = podman.detached(IMAGE, "sleep", "100")
    assert "sleep 100" in podman("run", "--rm", f"--network=container:{other}", f"--pid=container:{other}", IMAGE, "ps").ok()
    podman("rm", "--force", "--time=0", other).ok()


def test_an_init_reaps_for_the_program(podman: Podman) -> None:
    assert podman.run("--init", IMAGE, "sh", "-c", "cat /proc/1/comm; test $$ -gt 1; echo $?").ok().split() == [
        "podman-init",
        "0",
    ]


def test_a_container_as_systemd_would_have_it(podman: Podman) -> None:
    done = podman.run("--systemd=always", IMAGE, "cat", "/proc/mounts").ok()
    assert {line.split()[1] for line in done.splitlines()} >= {"/run", "/run/lock", "/tmp", "/sys/fs/cgroup/systemd"}


def test_hooks_get_the_state(podman: Podman) -> None:
    folder = podman.world.path("/etc/hooks")
    folder.mkdir()
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "cat >/var/tmp/hook.$1", "sh"]}
    for stage in ("createRuntime", "poststop"):
        called = {**hook, "args": [*hook["args"], stage]}
        content = {"version": "1.0.0", "hook": called, "when": {"always": True}, "stages": [stage]}
        (folder / f"{stage}.json").write_text(json.dumps(content))
    podman.world.run(*podman.command("--hooks-dir=/etc/hooks", "run", "--rm", "--network=none", IMAGE, "true")).ok()
    told = {stage: json.loads(podman.world.path(f"/var/tmp/hook.{stage}").read_text()) for stage in ("createRuntime", "poststop")}
    assert told["createRuntime"]["pid"] > 0
    assert told["poststop"]["status"] == "stopped"
    assert told["createRuntime"]["id"] == told["poststop"]["id"]


def test_a_network_with_a_published_port(podman: Podman) -> None:
    serve = ("sh", "-c", "echo served >/tmp/page; httpd -f -p 80 -h /tmp")
    container = podman("run", "--detach", "--publish=127.0.0.1:8080:80", IMAGE, *serve).ok()
    fetch = "for i in 1 2 3 4 5 6 7 8 9 10; do busybox wget -q -O - http://127.0.0.1:8080/page && exit; sleep .1; done"
    assert podman.world.run("sh", "-c", fetch).ok() == "served"
    podman("rm", "--force", "--time=0", container).ok()


def test_containers_side_by_side(podman: Podman) -> None:
    command = " ".join(podman.command("run", "--rm", "--network=none", IMAGE, "sh", "-c", "'exit $0'"))
    script = f'for i in 1 2 3 4 5 6; do {command} $i & pids="$pids $!"; done; for pid in $pids; do wait $pid; echo $?; done'
    assert podman.world.run("sh", "-c", script).ok().split() == ["1", "2", "3", "4", "5", "6"]


def test_a_runtime_by_another_name_tells_its_errors_in_text(podman: Podman) -> None:
    """For podman gives --log only to runtimes that it knows to write JSON."""
    path = podman("info", "--format={{.Host.OCIRuntime.Path}}").ok()
    podman.world.run("ln", "-s", path, "/var/tmp/by-another-name").ok()
    other = Podman(podman.world, "/var/tmp/by-another-name")
    done = other.run(IMAGE, "nosuch")
    assert done.status == 127
    assert "executable file not found" in done.stderr
    assert other.run(IMAGE, "echo", "found").ok() == "found"


def test_debugging_breaks_nothing(podman: Podman) -> None:
    assert podman("--log-level=debug", "run", "--rm", "--network=none", IMAGE, "nosuch").status == 127
    container = podman.detached(IMAGE, "sleep", "100")
    done = podman("--log-level=debug", "exec", container, "sh", "-c", "echo out; exit 5")
    assert (done.stdout, done.status) == ("out\n", 5)
    podman("rm", "--force", "--time=0", container).ok()
