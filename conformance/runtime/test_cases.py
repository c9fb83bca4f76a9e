"""Each case, judged by each expectation that it is for."""

from conformance.verdict.judge import Question
from conformance.verdict.report import tell
from conformance.verdict.session import Session


def test_case(question: Question, session: Session) -> None:
    """Drive the case, if the item before did not, and judge its record."""
    outcome = session.decide(question)
    tell(question, outcome, session.certifier.last_record(question.case))
