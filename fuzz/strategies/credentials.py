"""Who the program runs as, and what it may do."""

from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property
from fuzz.strategies.texts import identifier
from specs.linux.capabilities import CAPABILITIES

_MOST_GROUPS = 6
_INVENTED = ("CAP_OCI_CONFORMANCE", "CAP_CONFORMANCE_TWO")


def user(_host: Host) -> SearchStrategy[Feature]:
    """Generate a user and a group."""
    return st.tuples(identifier(), identifier()).map(
        lambda ids: Feature(
            name="process.user",
            shows=("config.process.user.uid.effect", "config.process.user.gid.effect"),
            edits=(put("/process/user/uid", ids[0]), put("/process/user/gid", ids[1])),
            without=frozenset({"user"}),
        )
    )


def groups(_host: Host) -> SearchStrategy[Feature]:
    """Generate additional groups, in no order, maybe one of them twice."""
    return st.lists(identifier(), min_size=1, max_size=_MOST_GROUPS).map(
        lambda ids: Feature(
            name="process.user.additionalGids",
            shows=("config.process.user.additionalgids.effect",),
            edits=(put("/process/user/additionalGids", ids),),
            without=frozenset({"user"}),
        )
    )


def umask(_host: Host) -> SearchStrategy[Feature]:
    """Generate a umask."""
    return st.integers(0, 0o777).map(
        lambda mask: Feature(
            name="process.user.umask", shows=("config.process.user.umask.effect",), edits=(put("/process/user/umask", mask),)
        )
    )


def capabilities(host: Host) -> SearchStrategy[Feature]:
    """Generate five sets that the kernel grants: each within those that it has to be a part of."""
    able = sorted(name for name, number in CAPABILITIES.items() if host.can(number))

    @st.composite
    def sets(draw: st.DrawFn) -> Feature:
        bounding = _some(draw, able)
        permitted, inheritable = _some(draw, bounding), _some(draw, bounding)
        listed = {
            "bounding": bounding,
            "permitted": permitted,
            "effective": _some(draw, permitted),
            "inheritable": [name for name in inheritable if name in permitted],
        }
        listed["ambient"] = _some(draw, listed["inheritable"])
        privileges = (put("/process/noNewPrivileges", value=True),) if draw(st.booleans()) else ()
        return Feature(
            name="process.capabilities",
            sole="capabilities",
            shows=("config.process.capabilities.*.effect",),
            edits=(put("/process/capabilities", listed), *privileges),
        )

    return sets()


def unknown_capabilities(_host: Host) -> SearchStrategy[Feature]:
    """Generate names that no kernel maps to a capability, in some of the sets: a warning is due, and no error."""
    invented = st.lists(st.sampled_from(_INVENTED), min_size=1, max_size=2, unique=True)
    sets = st.lists(st.sampled_from(("bounding", "effective", "permitted")), min_size=1, max_size=3, unique=True)
    return st.tuples(invented, sets).map(
        lambda given: Feature(
            name="process.capabilities.unknown",
            sole="capabilities",
            shows=("config.process.capabilities.unmappable-warn", "config.process.capabilities.no-fail"),
            edits=tuple(put(f"/process/capabilities/{which}/-", name) for which in given[1] for name in given[0]),
        )
    )


def _some(draw: st.DrawFn, names: Iterable[str]) -> list[str]:
    """Draw a part of the names, in any order; which ones is one number, so that it costs one draw."""
    known = list(names)
    chosen = draw(st.integers(0, (1 << len(known)) - 1))
    return [name for position, name in enumerate(known) if chosen >> position & 1]


def no_new_privileges(_host: Host) -> SearchStrategy[Feature]:
    """Generate no privileges to be gained by execve, or leave to."""
    return st.booleans().map(
        lambda value: Feature(
            name="process.noNewPrivileges",
            shows=("config.process.nonewprivileges.effect",),
            edits=(put("/process/noNewPrivileges", value=value),),
        )
    )


PROPERTIES = (
    Property("process.user", user),
    Property("process.user.additionalGids", groups),
    Property("process.user.umask", umask),
    Property("process.capabilities", capabilities),
    Property("process.capabilities.unknown", unknown_capabilities),
    Property("process.noNewPrivileges", no_new_privileges),
)
