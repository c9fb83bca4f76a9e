"""What the clients need of Debian's packages, unpacked beside the tests: the machine's own packages stay as they are.

apt says what is missing here, downloads it into a folder of its own, and dpkg-deb unpacks it. The result is kept under a name
made of the packages' file names, so that a newer version means a new folder; older ones go when nobody uses them.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import shlex
import shutil
import subprocess
from pathlib import Path

CLIENTS = ("podman", "buildah", "conmon", "catatonit", "containerd", "docker.io", "iptables", "busybox-static", "runc")
CACHE = Path(__file__).parent / ".packages"
_INSTALL = ("apt-get", "install", "-qq", "--no-install-recommends", "-o", "Debug::NoLocking=1")
_ALTERNATIVES = {"usr/sbin/iptables": "iptables-nft", "usr/sbin/ip6tables": "ip6tables-nft"}
"""Links that the packages' scripts would make."""
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


class CannotUnpackError(Exception):
    """This machine is not one that can have the packages."""


@functools.cache  # to ask apt costs two seconds
def unpacked() -> Path:
    """Return the folder with the packages' files (usr, etc...), made if it is not there yet; it stays as long as this process.

    Raises CannotUnpackError where that is no use trying, RuntimeError where apt fails.
    """
    if os.geteuid() != 0:
        raise CannotUnpackError("containers of real clients need root")
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise CannotUnpackError("the clients come from Debian's packages, and apt is not here")
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # each worker of pytest-xdist comes here
        missing = _missing()
        tree = CACHE / hashlib.sha256(repr((missing, _ALTERNATIVES)).encode()).hexdigest()[:16]
        if not tree.is_dir():
            _unpack(tree)
        hold(tree)
        sweep(CACHE, but=tree)
    return tree


def hold(tree: Path) -> int:
    """Keep the folder from being swept until the returned descriptor is closed, by the end of the process at the latest."""
    descriptor = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def sweep(cache: Path, *, but: Path) -> None:
    """Remove every other folder of the cache that no process holds. The caller has the cache's lock: nobody comes to hold one."""
    going = cache / "going"
    shutil.rmtree(going, ignore_errors=True)
    for tree in [path for path in sorted(cache.iterdir()) if path.is_dir() and path != but]:
        descriptor = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            tree.rename(going)  # a folder that has lost some of its files must not be taken for a whole one
            shutil.rmtree(going)
        os.close(descriptor)


def _missing() -> list[str]:
    """Return the file names of the packages that apt would install, after an update if it doesn't know one of them."""
    command = (*_INSTALL, "--print-uris", *CLIENTS)
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if answer.returncode:
        _apt("apt-get", "update", "-qq")
        answer = _apt(*command)
    # 'URI' name size hash
    return sorted(shlex.split(line)[1] for line in answer.stdout.splitlines())


def _unpack(tree: Path) -> None:
    """Download and unpack into a folder that gets its name when it is complete."""
    shutil.rmtree(CACHE / "new", ignore_errors=True)
    archives, new = CACHE / "new/archives", CACHE / "new/tree"
    (archives / "partial").mkdir(parents=True)
    for name in _MERGED:  # a merged /usr: what a package has in /bin goes to /usr/bin
        (new / "usr" / name).mkdir(parents=True)
        (new / name).symlink_to(f"usr/{name}")
    _apt(*_INSTALL, "--download-only", "-y", "-o", f"Dir::Cache::archives={archives}", "-o", "APT::Sandbox::User=root", *CLIENTS)
    for archive in sorted(archives.glob("*.deb")):
        # Not dpkg-deb -x, which puts a directory in the place of the links above.
        content = subprocess.run(("dpkg-deb", "--fsys-tarfile", archive), capture_output=True, check=True, timeout=120)
        into = ("tar", "--extract", "--keep-directory-symlink", f"--directory={new}")
        subprocess.run(into, input=content.stdout, check=True, timeout=120)
    for link, target in _ALTERNATIVES.items():
        if not (new / link).is_symlink():
            (new / link).symlink_to(target)
    (new / "etc").mkdir(exist_ok=True)
    new.rename(tree)
    shutil.rmtree(CACHE / "new")


def _apt(*command: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")  # red, not skipped: CI has to notice
    return done
