"""What reached the seccomp agent, the socket at `linux.seccomp.listenerPath`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentMessage:
    """What one recvmsg(2) brought: the first of a connection is the first byte, later ones end where descriptors came along."""

    data: bytes
    descriptors: tuple[str, ...]
    """What each descriptor leads to, as /proc/self/fd shows it, in the order of the SCM_RIGHTS array."""


@dataclass(frozen=True, slots=True)
class AgentConnection:
    """One connection, from accept to its end."""

    messages: tuple[AgentMessage, ...]
    closed: bool
    """The other side closed it in time."""

    @property
    def payload(self) -> bytes:
        """All that was sent."""
        return b"".join(message.data for message in self.messages)

    @property
    def descriptors(self) -> tuple[str, ...]:
        """All descriptors, in order."""
        return tuple(descriptor for message in self.messages for descriptor in message.descriptors)
