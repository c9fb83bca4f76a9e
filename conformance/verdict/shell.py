"""The parts of reproduce.sh that are the same for every record: plain POSIX sh with util-linux."""

ENTRY = """\
set -u
RUNTIME=${RUNTIME:-%(runtime)s}
LANE=${LANE:-%(lane)s}
HERE=$(cd "$(dirname "$0")" && pwd)
if [ "$$" != 1 ] || [ "${REPRODUCING:-}" != "$HERE" ]; then
    [ "$(id -u)" = 0 ] || { echo 'run this as root' >&2; exit 2; }
    RUNTIME=$(command -v "$RUNTIME") || { echo 'no such runtime' >&2; exit 2; }
    export RUNTIME LANE REPRODUCING="$HERE"
    exec unshare --mount%(net)s --propagation private --pid --fork --kill-child --mount-proc sh "$0"
fi
"""

FUNCTIONS = r"""
WORK=$(mktemp -d)
mkdir "$WORK/ns"
mkfifo "$WORK/stdin"
exec 9<>"$WORK/stdin"    # held open, so that a program that reads its stdin waits
calls=0
PID=

# Run the runtime. Output goes to files, since the container keeps these descriptors open.
call() {
    calls=$((calls + 1))
    printf '\n$ %s\n' "$*"
    timeout --foreground --signal=KILL 60 "$@" <"$WORK/stdin" >"$WORK/out.$calls" 2>"$WORK/err.$calls" 9>&-
    echo "exit status $?"
    cat "$WORK/out.$calls" "$WORK/err.$calls"
}

alive() {
    [ -n "$PID" ] && case $(sed 's/.*) \(.\).*/\1/' "/proc/$PID/stat" 2>/dev/null) in '' | Z | X) false ;; esac
}

# Wait up to ten seconds for the container's process to end.
settle() {
    tries=0
    while alive && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
}

show_cgroups() {
    cat "/proc/$PID/cgroup"
    while IFS=: read -r _ names path; do
        names=${names#name=}
        for directory in "/sys/fs/cgroup/${names%%,*}$path" "/sys/fs/cgroup/unified$path"; do
            [ ! -e "$directory/cgroup.procs" ] || grep -sHm 3 . "$directory"/*
        done
    done <"/proc/$PID/cgroup"
}

cleanup() {
    trap - EXIT
    exec >/dev/null 2>&1
    end_containers
    kill -KILL -1    # as pid 1 of a pid namespace this reaches that namespace alone
    sleep 0.1
    for directory in $NEW_CGROUPS; do rmdir "$directory"; done
    grep -o " $WORK/[^ ]*" /proc/self/mountinfo | sort -r | while read -r point; do umount -l "$point"; done
    rm -rf --one-file-system "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
"""

LANES = r"""
# The lane: a view of the cgroup hierarchies, private to this script.
case $LANE in
v1)
    if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
        echo 'seen with cgroup v1, and here is v2 alone: LANE=host runs it nevertheless' >&2
        exit 2
    fi
    if mountpoint -q /sys/fs/cgroup/unified; then
        umount /sys/fs/cgroup/unified
        mount -t tmpfs -o size=4k,mode=555 tmpfs /sys/fs/cgroup/unified
    fi ;;
v2)
    if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
        # A new mount would set the options of the whole machine's hierarchy: only where there is no other to show here.
        point=$(findmnt --noheadings --first-only --output TARGET --types cgroup2)
        if [ -n "$point" ]; then mount --bind "$point" /sys/fs/cgroup; else mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi
    fi ;;
esac
"""

BUNDLE = r"""
cp -a "$HERE/." "$WORK/"
chmod 755 "$WORK"
for file in "$WORK"/bundle/config.json "$WORK"/*.json "$WORK"/hook-*.sh "$WORK"/host/hook; do
    [ ! -f "$file" ] || LC_ALL=C sed -i "s|@WORK@|$WORK|g" "$file"
done
"""

BEFORE = r"""
mount_points() { cut -d ' ' -f 1,5- /proc/self/mountinfo | LC_ALL=C sort; }
mount_points >"$WORK/mounts"
"""

END = r"""
printf '\n== left behind\n'
[ ! -f "$WORK/hooks.log" ] || { echo 'what the hooks received:'; cat "$WORK/hooks.log"; }
find "$WORK/state" -mindepth 1 2>/dev/null
find /sys/fs/cgroup -type d -name "*$ID*" -exec test -e '{}/cgroup.procs' ';' -print 2>/dev/null
mount_points | LC_ALL=C comm -13 "$WORK/mounts" - | sed 's/^/mount /'
ls -l /proc/[0-9]*/exe >"$WORK/processes" 2>/dev/null
grep -v -e '/proc/1/' -e '/ls$' "$WORK/processes"
"""
