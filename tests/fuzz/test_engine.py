"""The pieces of a hunt, each by itself and without a runtime."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import seed as with_seed
from hypothesis import strategies as st

from fuzz.engine import corpus, options
from fuzz.engine.ahead import Ahead
from fuzz.engine.budget import Budget
from fuzz.engine.corpus import CorpusError, Found
from fuzz.engine.coverage import INFEASIBLE, Coverage, infeasible
from fuzz.engine.hunt import PATIENCE, REPETITIONS, Find, Hunt
from fuzz.engine.journal import Journal, State
from fuzz.engine.minimize import minimize
from fuzz.engine.options import Shard
from fuzz.engine.progress import Progress
from fuzz.engine.seeds import hunting, seed_of
from fuzz.engine.symptom import Key, key, plain
from fuzz.kinds import CONFIGS, LIFECYCLES
from fuzz.strategies.config import PROPERTIES
from fuzz.strategies.feature import compatible
from fuzz.strategies.lifecycles import Step
from specs.verdicts import Verdict
from tests.faulty.hunted import table
from tests.fuzz.hosts import rich_host
from tests.fuzz.test_strategies import drawn, strategy_of

QUESTION: Any = SimpleNamespace()


# Options, seeds, budget


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("8h", 28800), ("2d", 172800)])
def test_durations(text: str, seconds: float) -> None:
    assert options.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1s", "h", "1w", "1h30m", "inf"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        options.seconds(text)


def test_shards_and_seeds() -> None:
    assert Shard.parse("3/16") == Shard(3, 16)
    for text in ("0/4", "5/4", "3", "a/b", "1/"):
        with pytest.raises(ValueError, match="no shard"):
            Shard.parse(text)
    assert options.seed("17") == 17
    assert options.seed("auto") != options.seed("auto")
    with pytest.raises(ValueError, match="no seed"):
        options.seed("tomorrow")


def test_seeds_differ_by_each_of_their_parts() -> None:
    parts = ("configs", "1/2", "1of1", "node", 0)
    others = [(*parts[:index], "other", *parts[index + 1 :]) for index in range(len(parts))]
    assert len({seed_of(1, *parts), seed_of(2, *parts), *(seed_of(1, *each) for each in others)}) == 2 + len(others)
    assert seed_of(1, *parts) == seed_of(1, *parts)


def test_ci_variables_do_not_make_the_hunt_repeat_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert hunting().derandomize is False
    assert hunting().database is None


def test_budget_of_time_and_examples() -> None:
    now = [100.0]
    budget = Budget(seconds=10, spent_seconds=4, clock=lambda: now[0])
    assert not budget.spent
    now[0] += 6
    assert Budget.spent.fget(budget)  # type: ignore[attr-defined]  # else mypy takes it for what it was a line above
    counted = Budget(seconds=1e9, examples=2, spent_examples=1)
    assert not counted.spent
    counted.use()
    assert counted.spent


# Finds


def outcome(**members: Any) -> Any:
    return SimpleNamespace(**({"requirement": "a.b", "verdict": Verdict.VIOLATED, "reason": ""} | members))


def test_one_symptom_whatever_the_names_and_numbers() -> None:
    first = key(outcome(expected="uid 1000 at /m/one", observed=["a", "b"]))
    assert first == key(outcome(expected="uid 7 at /tmp/x.1234/rootfs", observed=["c"]))
    assert first != key(outcome(expected="uid 7 at /tmp/x", observed=[]))
    assert first != key(outcome(expected="gid 7 at /tmp/x", observed=["c"]))
    assert key(outcome(expected=True, observed=1)) != key(outcome(expected=False, observed=1))


def test_one_symptom_whatever_the_constant_and_whatever_a_successful_call_says_about_the_rest() -> None:
    first = key(outcome(expected="limits given twice: RLIMIT_CORE", observed="create -> exit 0; start -> exit 0"))
    assert first == key(
        outcome(expected="limits given twice: RLIMIT_AS", observed="create -> exit 0: some warning; start -> exit 0")
    )
    refused = [key(outcome(expected="x", observed=f"create -> exit 1: {words}")) for words in ("no such file", "not permitted")]
    assert refused[0] != refused[1]


def test_an_error_of_the_harness_is_a_find_of_its_own() -> None:
    found = key(outcome(verdict=Verdict.HARNESS_ERROR, reason="KeyError: 'x12'", expected=None, observed=None))
    assert found.symptom == "harness error: KeyError: TEXT"


def test_plain() -> None:
    assert plain("open '/a b' of 12 at /proc/self/fd/3: 0xff CAP_CHOWN") == "open TEXT of N at PATH: N NAME"


class Runner:
    """Examines numbers in place of containers: those from `bad` on are bad."""

    def __init__(self, *, bad: int = 1 << 60, once: bool = False) -> None:
        self.bad = bad
        self.once = once
        self.runs = 0
        self.reported: list[Find[int]] = []

    def examine(self, example: int) -> dict[Key, Any]:
        self.runs += 1
        return {Key("a.b", "too large"): QUESTION} if example >= self.bad and not self.once else {}

    def examine_each(self, examples: Iterable[int], spare: Callable[[], bool]) -> Iterator[tuple[int, dict[Key, Any]]]:
        for example in examples:
            self.runs += 1
            spare()
            yield example, {Key("a.b", "too large"): QUESTION} if example >= self.bad else {}

    def hunt(self, examples: int, known: set[Key] | None = None) -> Hunt[int]:
        def generate(run: Any, seed: int) -> None:
            def test(example: int) -> None:
                run(example)

            with_seed(seed)(hunting()(given(st.integers(0, 1000))(test)))()

        hunt: Hunt[int] = Hunt(
            generate=generate,
            examine_each=self.examine_each,
            examine=self.examine,
            report=self.reported.append,
            checkpoint=lambda _round: None,
            budget=Budget(seconds=60, examples=examples),
            seed=1,
            identity=("numbers",),
            known=set() if known is None else known,
        )
        hunt.run()
        return hunt


def test_what_is_generated_ahead_is_what_would_be_generated_anyway() -> None:
    generate = CONFIGS.generator(rich_host())
    drawn: list[Any] = []
    generate(drawn.append, 5)
    ahead: Ahead[Any] = Ahead(lambda take: generate(take, 5))
    assert [ahead.step() for _ in range(3)] == [True] * 3
    assert len(ahead) == 3
    assert ahead.all() == drawn
    assert not ahead.step()


def test_generating_ahead_has_its_turn_only_when_asked() -> None:
    running: list[str] = []

    def generate(take: Callable[[int], None]) -> None:
        for number in range(3):
            running.append(f"makes {number}")
            take(number)

    ahead = Ahead(generate)
    assert running == []
    while ahead.step():
        running.append("asks")
        time.sleep(0.02)
    assert running == ["makes 0", "asks", "makes 1", "asks", "makes 2", "asks"]
    assert ahead.all() == [0, 1, 2]


def test_an_error_of_generating_ahead_is_told_to_whoever_wants_the_examples() -> None:
    def generate(take: Callable[[int], None]) -> None:
        take(1)
        raise LookupError("no such strategy")

    ahead = Ahead(generate)
    assert ahead.step()
    assert not ahead.step()
    ahead.close()
    with pytest.raises(LookupError, match="no such strategy"):
        ahead.all()


def test_a_find_is_reproduced_shrunk_and_reported_once() -> None:
    runner = Runner(bad=137)
    hunt = runner.hunt(300)
    assert [find.example for find in runner.reported] == [137]
    assert hunt.budget.used == 300
    assert runner.runs > 300 + REPETITIONS


def test_what_is_known_is_neither_shrunk_nor_reported() -> None:
    runner = Runner(bad=0)
    runner.hunt(50, {Key("a.b", "too large")})
    assert runner.reported == []
    assert runner.runs == 50


def test_many_symptoms_of_one_requirement_are_more_of_the_same() -> None:
    runner = Runner(bad=0)
    runner.hunt(20, {Key("a.b", f"symptom {number}") for number in range(4)})
    assert runner.reported == []


def test_what_does_not_come_back_is_unstable_and_tried_no_more_after_a_while() -> None:
    runner = Runner(bad=0, once=True)
    hunt = runner.hunt(50)
    assert runner.reported == []
    assert hunt.unstable == {Key("a.b", "too large"): PATIENCE}


# Coverage


def test_pairs_count_only_when_both_were_judged() -> None:
    coverage = Coverage(["a", "b", "c"])
    coverage.add(["a", "b"])
    coverage.add(["c"])
    coverage.add(["a", "unknown"])
    assert coverage.missing == []
    assert coverage.missing_pairs == [("a", "c"), ("b", "c")]
    assert coverage.describe() == "properties 3/3, pairs 1/3"
    again = Coverage(["a", "b", "c"])
    again.restore(json.loads(json.dumps(coverage.as_json())))
    assert again.missing_pairs == coverage.missing_pairs


def test_what_a_later_version_has_is_left_out_of_the_account() -> None:
    coverage = Coverage(["a", "b", "c"])
    coverage.add(["a"], beyond=["c"])
    assert (coverage.missing, coverage.beyond, coverage.missing_pairs) == (["b"], ["c"], [("a", "b")])
    assert coverage.describe() == "properties 1/2, pairs 0/1"
    again = Coverage(["a", "b", "c"])
    again.restore(json.loads(json.dumps(coverage.as_json())))
    assert again.beyond == ["c"]
    again.add(["c"])
    assert again.beyond == [], "part of it is of this version"


@pytest.mark.parametrize("row", INFEASIBLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_infeasible_pairs_never_come_together(row: tuple[str, str, str]) -> None:
    pairs = [(a, b) for a in PROPERTIES for b in PROPERTIES if a.name < b.name and infeasible(a.name, b.name) == row[2]]
    assert pairs
    for one, other in pairs:
        for first, second in zip(drawn(strategy_of(one), 3), drawn(strategy_of(other), 3), strict=False):
            kept = {feature.name for feature in compatible([first, second])}
            assert kept != {one.name, other.name}


# What survives


def test_a_killed_hunt_is_resumed_with_its_seed_in_the_next_round(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state" / "x.json")
    state = journal.resume(seed=1, insist=False)
    assert state == State(seed=1)
    state.containers, state.round = 40, 2
    journal.write(state)
    resumed = journal.resume(seed=9, insist=False)
    assert (resumed.seed, resumed.containers, resumed.round) == (1, 40, 3)
    assert journal.resume(seed=9, insist=True) == State(seed=9)
    assert journal.resume(seed=1, insist=True).containers == 40


def test_what_was_done_or_is_damaged_starts_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "x.json")
    journal.write(State(seed=1, containers=40, done=True))
    assert journal.resume(seed=2, insist=False) == State(seed=2)
    for text in ("{", "[]", '{"seed": 1, "unknown": 2}'):
        (tmp_path / "x.json").write_text(text)
        assert journal.resume(seed=3, insist=False) == State(seed=3)


def found(**members: Any) -> Found:
    whole: dict[str, Any] = {
        "campaign": "configs",
        "example": [],
        "requirement": "a.b",
        "symptom": "s",
        "runtime": "runc",
        "version": "1",
        "lane": "host",
        "seed": 1,
    }
    return Found(**(whole | members))


def test_corpus_keeps_what_a_person_wrote(tmp_path: Path) -> None:
    path = corpus.save(tmp_path, found(reason="examined"))
    assert corpus.save(tmp_path, found()) == path
    assert corpus.save(tmp_path, found(runtime="crun")) != path
    assert [entry.reason for _, entry in corpus.load(tmp_path)] == ["", "examined"]
    assert [entry.runtime for _, entry in corpus.load(path)] == ["runc"]
    (tmp_path / "z.json").write_text('{"campaign": "configs"}')
    with pytest.raises(CorpusError, match=r"z\.json"):
        list(corpus.load(tmp_path))


def test_the_corpus_in_the_package_can_be_read_and_every_entry_has_been_examined() -> None:
    from fuzz.kinds import KINDS  # noqa: PLC0415  # only here

    for path, entry in corpus.load(corpus.DIRECTORY):
        kind = KINDS[entry.campaign]
        assert kind.case(kind.from_json(entry.example), "x").name == "x"
        assert entry.reason, path
        assert path.stem == entry.name


def test_minimize_leaves_out_all_that_is_not_needed() -> None:
    steps = tuple(Step(0, action) for action in ("create", "state", "start", "fork", "state", "delete"))
    tried = []

    def same(candidate: tuple[Step, ...]) -> bool:
        tried.append(candidate)
        return {"create", "fork"} <= {step.action for step in candidate}

    assert [step.action for step in minimize(LIFECYCLES, steps, same)] == ["create", "fork"]
    assert len(tried) == len(set(tried))
    assert minimize(LIFECYCLES, steps, same, attempts=0) == steps


def test_table_of_faults_tells_found_ones_first() -> None:
    text = table({"slow": 40, "own": 0, "quick": 2, "hidden": None})
    assert [line.split()[-1] for line in text.splitlines()[:-1]] == ["quick", "slow", "own", "hidden"]
    assert text.endswith("2 of 3 found within 500 examples of a campaign")


def test_progress_is_told_now_and_then() -> None:
    now, said = [0.0], list[str]()
    progress = Progress("configs", said.append, interval=10, clock=lambda: now[0])
    progress.tick(lambda: "early")
    now[0] = 11
    progress.tick(lambda: "due")
    progress.tick(lambda: "too soon")
    assert said == ["fuzz configs: due"]
