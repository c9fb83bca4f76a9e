"""The one error that a user sees: what went wrong, where in the config, and why."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self


class RuntimeFault(Exception):
    """An operation that cannot be done; its text is one line for stderr and the log."""

    __slots__ = ("what", "where", "why")

    def __init__(self, what: str, *, where: str = "", why: str = "") -> None:
        """`where` is a JSON path such as "$.linux.resources.pids", `why` the reason, such as an errno's text."""
        super().__init__(what, where, why)
        self.what = what
        self.where = where
        self.why = why

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.what, self.why) if part).replace("\n", " ")

    @classmethod
    def of(cls, what: str, error: OSError, *, where: str = "") -> "Self":
        """Return the fault that a failed kernel call means."""
        return cls(what, where=where, why=reason(error))


def reason(error: OSError) -> str:
    """Return the errno's text in lower case, as container engines expect it: "no such file or directory"."""
    text = (error.strerror or str(error)).lower()
    return f"{error.filename}: {text}" if isinstance(error.filename, str) else text
