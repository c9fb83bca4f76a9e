"""What the caller of create, run or exec wants beside the config."""


class Request:
    """The flags of one call, paths made absolute."""

    __slots__ = ("console_socket", "detach", "keep", "keyring", "pid_file", "pivot", "preserve_fds")

    def __init__(
        self,
        *,
        console_socket: str = "",
        detach: bool = False,
        keep: bool = False,
        keyring: bool = True,
        pid_file: str = "",
        pivot: bool = True,
        preserve_fds: int = 0,
    ) -> None:
        self.console_socket = console_socket
        """Where the terminal's master goes; "" for none."""
        self.detach = detach
        """Whether `run` and `exec` return when the program runs."""
        self.keep = keep
        """Whether `run` leaves the stopped container."""
        self.keyring = keyring
        """Whether the container gets a session keyring of its own."""
        self.pid_file = pid_file
        self.pivot = pivot
        """False: the root is changed without pivot_root, as on a ramdisk, whose root cannot be put aside."""
        self.preserve_fds = preserve_fds
        """How many descriptors from 3 on the program gets."""
