"""Broken runtimes: shell scripts around the real one. Each notes its damage, so that no test fails for another reason.

A script is given `$operation`, `$pid_file`, `$log` and `$bundle`, calls `damage` before it does any, and falls through to the
real runtime, "$real", if it has not ended.
"""

from pathlib import Path

from tests.clients.world import RUNTIME, World

_HEAD = f"""\
#!/bin/sh
real={RUNTIME} operation= before= pid_file=/nowhere log=/nowhere bundle=/nowhere
for word; do
    case $before in --pid-file) pid_file=$word;; --log) log=$word;; --bundle) bundle=$word;; esac
    case $word in create|start|state|kill|delete|exec|ps|pause|resume|update) operation=${{operation:-$word}};; esac
    before=$word
done
damage() {{ echo "$operation" >>"$0.damage"; }}
drop() {{ damage; /usr/bin/python3 -c "
import json, sys
path = sys.argv[1] + '/config.json'
config = json.load(open(path))
config['linux'].pop(sys.argv[2], None)
json.dump(config, open(path, 'w'))" "$bundle" "$1"; }}
"""
_PASS_ON = 'exec "$real" "$@"\n'


def install(world: World, name: str, script: str) -> str:
    """Return the path of a new runtime, in a folder of its own: its file name has to be one that podman knows to log in JSON."""
    folder = Path("/var/tmp/runtimes", name.replace(" ", "-"))
    world.path(str(folder)).mkdir(parents=True)
    file = world.path(f"{folder}/reference-runtime")
    file.write_text(f"{_HEAD}{script}\n{_PASS_ON}")
    file.chmod(0o755)
    return f"{folder}/reference-runtime"


def damage_done(world: World, runtime: str) -> bool:
    """Whether an installed runtime has done its damage."""
    return world.path(f"{runtime}.damage").exists()
