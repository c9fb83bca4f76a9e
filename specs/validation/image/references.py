"""The two notations for names of images: the grammar of ref.name (annotations.md) and distribution's reference format."""

import re

_REF = re.compile(r"[A-Za-z0-9]+(?:(?:--|[-._:@+])[A-Za-z0-9]+)*(?:/[A-Za-z0-9]+(?:(?:--|[-._:@+])[A-Za-z0-9]+)*)*", re.ASCII)
_REF_CHARACTERS = re.compile(r"[A-Za-z0-9\-._:@/+]*", re.ASCII)

_LABEL = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_DISTRIBUTION = re.compile(
    rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*(?::\w[\w.-]{{0,127}})?(?:@[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{{32,}})?",
    re.ASCII,
)


def keeps_ref_characters(text: str) -> bool:
    """Say whether only the characters of ref.name occur."""
    return _REF_CHARACTERS.fullmatch(text) is not None


def is_ref(text: str) -> bool:
    """Say whether it matches the grammar of ref.name."""
    return _REF.fullmatch(text) is not None


def is_distribution_reference(text: str) -> bool:
    """Say whether it is a name with an optional host, tag and digest, as distribution's reference.go has it."""
    return _DISTRIBUTION.fullmatch(text) is not None


def names_registry(text: str) -> bool:
    """Say whether the first component is a host: it has a dot or a port, or is localhost."""
    first, slash, _ = text.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")
