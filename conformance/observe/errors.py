"""What can go wrong while looking at a process."""


class ProcessGone(Exception):
    """The process has ended or is a zombie, so it cannot be observed any more; `pid` names it."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"process {pid} has ended")
        self.pid = pid
