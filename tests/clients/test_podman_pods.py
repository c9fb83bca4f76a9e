"""podman pods, and podman build."""

from tests.clients.engines import IMAGE, Podman


def _pod(podman: Podman, name: str, *options: str) -> None:
    podman("pod", "create", f"--name={name}", "--network=none", *options).ok()


def _in_pod(podman: Podman, pod: str, *words: str) -> str:
    """Run a container in a pod; returns its output."""
    return podman("run", "--rm", f"--pod={pod}", IMAGE, *words).ok()


def test_containers_of_a_pod_share_namespaces(podman: Podman) -> None:
    _pod(podman, "sharing", "--hostname=together")
    show = "for kind in net ipc uts pid mnt; do readlink /proc/self/ns/$kind; done; hostname"
    # One still lives while the other asks: the kernel gives the numbers of ended namespaces again.
    name = podman("run", "--detach", "--pod=sharing", IMAGE, "sh", "-c", f"{show}; exec sleep 100").ok()
    other = _in_pod(podman, "sharing", "sh", "-c", show).split()
    one = podman("logs", name).stdout.split()
    assert one[:3] == other[:3]
    assert not {*one[3:5]} & {*other[3:5]}
    assert one[5] == other[5] == "together"
    podman("pod", "rm", "--force", "--time=0", "sharing").ok()


def test_a_pod_may_share_processes(podman: Podman) -> None:
    _pod(podman, "processes", "--share=pid,net")
    podman("run", "--detach", "--pod=processes", IMAGE, "sleep", "321").ok()
    listed = _in_pod(podman, "processes", "ps")
    assert "catatonit" in listed
    assert "sleep 321" in listed
    podman("pod", "rm", "--force", "--time=0", "processes").ok()


def test_containers_of_a_pod_talk_over_its_network(podman: Podman) -> None:
    _pod(podman, "talking")
    podman("run", "--detach", "--pod=talking", IMAGE, "sh", "-c", "echo page >/tmp/page; httpd -f -p 80 -h /tmp").ok()
    fetch = "for i in 1 2 3 4 5 6 7 8 9 10; do wget -q -O - http://127.0.0.1/page && exit; sleep .1; done"
    assert _in_pod(podman, "talking", "sh", "-c", fetch) == "page"
    podman("pod", "rm", "--force", "--time=0", "talking").ok()


def test_a_pod_is_paused_stopped_and_started_as_one(podman: Podman) -> None:
    _pod(podman, "whole")
    members = [podman("run", "--detach", "--pod=whole", IMAGE, "sleep", "100").ok() for _ in range(2)]

    def states() -> set[str]:
        return {podman.inspect(member, "State.Status") for member in members}

    podman("pod", "pause", "whole").ok()
    assert states() == {"paused"}
    podman("pod", "unpause", "whole").ok()
    assert states() == {"running"}
    podman("pod", "stop", "--time=0", "whole").ok()
    assert states() == {"exited"}
    podman("pod", "start", "whole").ok()
    assert states() == {"running"}
    podman("pod", "kill", "whole").ok()
    podman("pod", "rm", "--force", "--time=0", "whole").ok()
    assert podman("ps", "--all", "--quiet").ok() == ""


_KUBE = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: played}}
spec:
  hostNetwork: true
  restartPolicy: Never
  containers:
  - name: one
    image: {IMAGE}
    imagePullPolicy: Never
    command: [/bin/sh, -c, "id -u; cat /data/file; exit 8"]
    securityContext: {{runAsUser: 1000, readOnlyRootFilesystem: true}}
    resources: {{limits: {{memory: 64Mi}}}}
    volumeMounts: [{{name: data, mountPath: /data}}]
  volumes:
  - name: data
    hostPath: {{path: /var/tmp/data}}
"""


def test_a_pod_from_a_kubernetes_file(podman: Podman) -> None:
    podman.world.path("/var/tmp/data").mkdir()
    podman.world.path("/var/tmp/data/file").write_text("from the volume\n")
    podman("play", "kube", "-", input=_KUBE).ok()
    assert podman("wait", "played-one").ok() == "8"
    assert podman("logs", "played-one").stdout == "1000\nfrom the volume\n"
    podman("play", "kube", "--down", "-", input=_KUBE).ok()


def _build(podman: Podman, name: str, *lines: str) -> str:
    """Write a Containerfile beside a file named `given`; returns the folder."""
    folder = f"/var/tmp/{name}"
    podman.world.path(folder).mkdir()
    podman.world.path(f"{folder}/given").write_text("given\n")
    podman.world.path(f"{folder}/Containerfile").write_text("\n".join(lines) + "\n")
    return folder


def test_build_runs_its_steps(podman: Podman) -> None:
    folder = _build(
        podman,
        "steps",
        f"FROM {IMAGE} AS first",
        "COPY given /given",
        "RUN tr a-z A-Z </given >/made && chown 1000 /made",
        f"FROM {IMAGE}",
        "ENV NAME=value",
        "COPY --from=first /made /made",
        "USER user",
        "WORKDIR /tmp",
        'RUN --mount=type=tmpfs,target=/fast echo "$NAME $(id -u) $(pwd) $(grep -c /fast /proc/mounts)" >/tmp/seen',
        "CMD cat /made /tmp/seen",
    )
    podman("build", "--tag=steps", "--network=none", folder).ok()
    assert podman.run("localhost/steps").ok() == "GIVEN\nvalue 1000 /tmp 1"


def test_a_step_that_fails_fails_the_build(podman: Podman) -> None:
    folder = _build(podman, "failing", f"FROM {IMAGE}", "RUN echo before; exit 17")
    done = podman("build", "--network=none", folder)
    assert done.status == 17, done
    assert "before" in done.stdout
    assert podman("ps", "--all", "--external", "--quiet").ok() == ""


def test_limits_hold_while_building(podman: Podman) -> None:
    folder = _build(
        podman,
        "limits",
        f"FROM {IMAGE}",
        "RUN ulimit -n; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; true",
    )
    done = podman("build", "--network=none", "--memory=64m", "--ulimit=nofile=99:99", "--cgroupns=private", folder)
    assert "99\n" in done.stdout
    assert str(64 << 20) in done.stdout
