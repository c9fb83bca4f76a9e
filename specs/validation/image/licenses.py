"""SPDX licence expressions, by their grammar alone (SPDX 2.3, annex D): which licences the list has changes every few months."""

import re

_TOKEN = re.compile(
    r"\s*(?:([()])|(AND|OR|WITH)(?![A-Za-z0-9.+:-])|((?:DocumentRef-[A-Za-z0-9.-]+:)?[A-Za-z0-9.-]+\+?))", re.ASCII
)


def is_expression(text: str) -> bool:
    """Say whether it is one: identifiers joined by AND, OR and WITH, with parentheses."""
    depth, operand, at, after_with = 0, False, 0, False
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            return False
        bracket, operator, name = match.groups()
        if bracket == "(" or name:
            if operand or (after_with and bracket):
                return False
            depth += bracket == "("
            operand = bool(name)
            after_with = False
        else:
            if not operand:
                return False
            depth -= bracket == ")"
            operand = bracket == ")"
            after_with = operator == "WITH"
        if depth < 0:
            return False
        at = match.end()
    return operand and depth == 0
