"""What an inner pytest session does with outcomes: waive, keep a reproducer, write the results line, tell pytest."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from conformance.bundle.builder import Bundle
from conformance.record.record import Record
from conformance.verdict import reproducer
from conformance.verdict.certifier import Certifier
from conformance.verdict.judge import Question
from conformance.verdict.outcome import Outcome
from conformance.verdict.results import ResultsWriter
from conformance.verdict.waivers import Waiver, waiver_for


def today() -> date:
    """Return the date that waivers expire by."""
    return datetime.fromtimestamp(time.time(), UTC).date()


@dataclass(slots=True, kw_only=True)
class Session:
    """One worker's share of a certification."""

    certifier: Certifier
    writer: ResultsWriter
    waivers: tuple[Waiver, ...]
    reproducers: Path
    announcement: Path
    """Where the supervisor reads what is going to be asked."""

    def announce(self, questions: Iterable[Question]) -> None:
        """Write down, a line each, what is going to be asked."""
        self.announcement.write_text("".join(f"{question}\n" for question in questions), encoding="utf-8")

    def decide(self, question: Question) -> Outcome:
        """Answer a question and put the outcome on record."""
        outcome = self.certifier.answer(question, keep=lambda *seen: self._keep(question, *seen))
        waiver = waiver_for(outcome, self.waivers, today())
        if waiver is not None:
            outcome = replace(outcome, waived=True, waiver=waiver.grounds)
        self.writer.write(outcome)
        return outcome

    def _keep(self, question: Question, outcome: Outcome, record: Record, bundle: Bundle) -> str:
        places = {"host": bundle.host_directory, "hooks": bundle.hook_socket}
        places |= {f"ns:{name}": path for name, path in bundle.namespaces.items()}
        return reproducer.write(
            self.reproducers,
            outcome=outcome,
            record=record,
            case=question.case,
            places=places,
            anchor=question.requirement.url,
            statement=question.requirement.text,
        )
