"""URIs as RFC 3986 has them. A relative reference is taken too: the image spec's "conform to RFC 3986" can be read so."""

import ipaddress
import re

_UNRESERVED_AND_DELIMITERS = r"A-Za-z0-9\-._~!$&'()*+,;="
_REFERENCE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?"
    r"(?://(?P<authority>[^/?#]*))?"
    rf"(?P<path>[{_UNRESERVED_AND_DELIMITERS}%:@/]*)"
    rf"(?:\?[{_UNRESERVED_AND_DELIMITERS}%:@/?]*)?"
    rf"(?:#[{_UNRESERVED_AND_DELIMITERS}%:@/?]*)?",
    re.ASCII,
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)
_USER = re.compile(rf"[{_UNRESERVED_AND_DELIMITERS}%:]*", re.ASCII)
_HOST = re.compile(rf"[{_UNRESERVED_AND_DELIMITERS}%]*(?::\d*)?", re.ASCII)
_LITERAL = re.compile(r"\[([^\[\]]*)\](?::\d*)?", re.ASCII)
_FUTURE = re.compile(rf"[vV][0-9A-Fa-f]+\.[{_UNRESERVED_AND_DELIMITERS}:]+", re.ASCII)


def is_reference(text: str) -> bool:
    """Say whether it is a URI or a relative reference (section 4.1)."""
    match = _REFERENCE.fullmatch(text)
    if match is None or _BAD_ESCAPE.search(text):
        return False
    scheme, authority, path = match["scheme"], match["authority"], match["path"]
    if authority is not None:
        return _is_authority(authority) and (not path or path.startswith("/"))
    return not path.startswith("//") and (scheme is not None or ":" not in path.split("/", 1)[0])


def scheme(text: str) -> str:
    """Return the scheme in lower case, or "" where there is none."""
    match = _REFERENCE.fullmatch(text)
    return (match["scheme"] or "").lower() if match else ""


def _is_authority(text: str) -> bool:
    user, at, host = text.rpartition("@")
    if at and not _USER.fullmatch(user):
        return False
    literal = _LITERAL.fullmatch(host)
    return _is_literal(literal[1]) if literal else _HOST.fullmatch(host) is not None


def _is_literal(text: str) -> bool:
    if _FUTURE.fullmatch(text):
        return True
    try:
        return "%" not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False
