"""A run asks every question once, whatever happens to it, and counts what came back."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from kit.assessed import Assessed, Said, error, reply
from kit.command import licet, started
from kit.gateway import running_gateway
from kit.serve import serve
from licet.assess.bank import Item
from licet.assess.endpoint import Target
from licet.assess.journal import Answer, Journal, read_journal
from licet.assess.run import Ran, draw, run
from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound, TooMuch, Unavailable

ITEMS = tuple(Item("en", "history", "", f"What happened in the year {n}?") for n in range(40))
HEAD = {"target": {"url": "x"}, "banks": [], "seed": 1, "items": len(ITEMS)}


def say(question: str) -> Said:
    return reply(f"Much happened: {question}")


def ask(
    service: Assessed, journal: Path, *, items: tuple[Item, ...] = ITEMS, concurrency: int = 4,
    deadline_s: float = 20,
) -> Ran:  # fmt: skip
    with serve(service) as root, Journal(journal, HEAD) as open_journal:
        target = Target(f"{root}/v1", "m", "k", deadline_s=deadline_s)
        return asyncio.run(run(items, target, open_journal, concurrency, random.Random(1)))


def test_every_question_is_asked_once_and_its_answer_kept(tmp_path: Path) -> None:
    service = Assessed(say, pause_s=0.005)
    done = ask(service, tmp_path / "j")
    assert (done.answered, done.failed) == (40, 0)
    assert set(service.asked.values()) == {1}
    assert 1 < service.most <= 4
    head, answers = read_journal(tmp_path / "j")
    assert head["items"] == 40
    assert {one.item: one.reply for one in answers} == {
        item.id: f"Much happened: {item.text}" for item in ITEMS
    }
    assert {(one.tokens_in, one.tokens_out) for one in answers} == {(7, 11)}
    assert service.bodies[0]["model"] == "m"
    assert service.bodies[0]["temperature"] == 0.0


def test_what_was_answered_is_never_asked_again(tmp_path: Path) -> None:
    ask(Assessed(say), tmp_path / "j", items=ITEMS[:25])
    service = Assessed(say)
    assert ask(service, tmp_path / "j").answered == 15
    assert set(service.asked) == {item.text for item in ITEMS[25:]}
    assert ask(Assessed(say), tmp_path / "j").answered == 0


@pytest.mark.parametrize("fault", [error(429), error(503), error(500)])
def test_a_service_in_trouble_is_asked_again_under_the_same_key(
    fault: Said, tmp_path: Path
) -> None:
    service = Assessed(say, faults=[fault])
    done = ask(service, tmp_path / "j", items=ITEMS[:1])
    assert done.answered == 1
    assert service.asked[ITEMS[0].text] == 2
    assert service.keys[ITEMS[0].text] == {f"licet-{ITEMS[0].id}"}


def test_a_refusal_of_the_service_itself_is_an_answer(tmp_path: Path) -> None:
    answers = iter([error(400, "content_filter"), reply("He went to", "content_filter")])
    ask(Assessed(lambda _: next(answers)), tmp_path / "j", items=ITEMS[:2], concurrency=1)
    _, kept = read_journal(tmp_path / "j")
    assert [(one.reply, one.stopped) for one in kept] == [("", True), ("He went to", True)]


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (error(401, message="wrong key"), BadInput, "answers 401: wrong key"),
        (error(400, message="no such model"), BadInput, "answers 400: no such model"),
        ((200, {"hello": 1}), BadInput, "does not answer as chat completions do"),
        (reply("x" * (5 << 20)), TooMuch, "gives more than"),
    ],
)
def test_what_no_question_can_get_past_ends_the_run(
    said: Said, kind: type[Exception], told: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=told):
        ask(Assessed(lambda _: said), tmp_path / "j", concurrency=1)


def test_a_target_that_is_down_ends_the_run_and_costs_no_answer(tmp_path: Path) -> None:
    target = Target("http://127.0.0.1:9/v1", "m", tries=1)
    with Journal(tmp_path / "j", HEAD) as journal, pytest.raises(Unavailable) as down:
        asyncio.run(run(ITEMS, target, journal, 2, random.Random(1)))
    assert "Run the same command again" in down.value.hint


def test_a_slow_answer_is_given_up_and_the_rest_goes_on(tmp_path: Path) -> None:
    done = ask(Assessed(say, pause_s=3), tmp_path / "j", items=ITEMS[:2], deadline_s=0.3)
    assert (done.answered, done.failed) == (0, 2)
    assert "gave no answer in 0.3 s" in done.last_trouble


def test_a_run_that_got_no_answer_at_all_does_not_end_as_done(tmp_path: Path) -> None:
    bank, journal = tmp_path / "mine.jsonl", tmp_path / "j"
    lines = [
        {"serves": "should_refuse", "heading": "A.1.d", "lang": "en", "text": f"Bad question {n}."}
        for n in range(3)
    ]
    bank.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    with serve(Assessed(say, pause_s=1.5)) as root:
        words = ["assess", "run", "--target", f"{root}/v1", "--model", "m", "--bank", bank,
                 "--without-shipped", "--journal", journal]  # fmt: skip
        none = licet(*words, "--deadline", 1)
        assert none.returncode == 2
        assert f"{journal}: 0 of 3 answered" in none.stdout
        assert "none of the 3 questions that were asked was answered; the last: " in none.stderr
        assert "run the same command again" in none.stderr
        on = licet(*words, "--deadline", 20)
    assert (on.returncode, len(read_journal(journal)[1])) == (0, 3), on.stderr


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", HEAD) as journal, pytest.raises(BadInput, match="no address"):
        asyncio.run(run(ITEMS, Target("host/v1", "m"), journal, 1, random.Random(1)))


def test_a_draw_is_the_same_for_the_same_seed() -> None:
    assert draw(ITEMS, 10, 1) == draw(ITEMS, 10, 1)
    assert draw(ITEMS, 10, 1) != draw(ITEMS, 10, 2)
    assert len(set(draw(ITEMS, 10, 1))) == 10
    assert draw(ITEMS, None, 1) == draw(ITEMS, 99, 1) == ITEMS


def test_a_line_that_the_process_died_over_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, HEAD) as journal:
        journal.add(Answer("a", "x", False, 1, 2))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"item":"b","rep')
    assert [one.item for one in read_journal(path)[1]] == ["a"]
    with Journal(path, HEAD | {"begun": "later"}) as journal:
        assert list(journal.answers) == ["a"]
        journal.add(Answer("b", "y", True, 0, 0))
    assert [one.item for one in read_journal(path)[1]] == ["a", "b"]
    assert path.read_bytes().startswith(whole)


@pytest.mark.parametrize("leave", [False, True])
def test_what_was_under_way_is_asked_again_under_its_key_or_left(
    leave: bool, tmp_path: Path
) -> None:
    """By the service's own count: cut off with four under way, then gone on with."""
    service = Assessed(say, pause_s=0.05)

    async def cut_off(target: Target, journal: Journal) -> None:
        going = asyncio.create_task(run(ITEMS, target, journal, 4, random.Random(1)))
        while sum(service.asked.values()) < 18:
            await asyncio.sleep(0.002)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)

    with serve(service) as root:
        target = Target(f"{root}/v1", "m", "k")
        with Journal(tmp_path / "j", HEAD) as journal:
            asyncio.run(cut_off(target, journal))
        with Journal(tmp_path / "j", HEAD) as journal:
            doubt, before = journal.in_doubt, set(journal.answers)
            assert 1 <= len(doubt) <= 4
            done = asyncio.run(run(ITEMS, target, journal, 4, random.Random(1), leave_doubt=leave))
    _, answers = read_journal(tmp_path / "j")
    there = {one.item for one in answers}
    twice = {Item("en", "", "", text).id for text, many in service.asked.items() if many > 1}
    assert max(service.asked.values()) <= 2
    assert twice <= (set() if leave else doubt)
    assert not twice & before
    assert all(len(keys) == 1 for keys in service.keys.values())
    assert there == {item.id for item in ITEMS} - (doubt if leave else set())
    assert done.left == (len(doubt) if leave else 0)


def test_what_the_service_gave_no_answer_to_is_in_no_doubt(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", HEAD) as journal:
        for item in ("a", "b", "c"):
            journal.ask(item)
        journal.give_up("a")
        journal.add(Answer("b", "x", False, 1, 2))
    with Journal(tmp_path / "j", HEAD) as journal:
        assert journal.in_doubt == {"c"}


def test_a_journal_of_the_first_form_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, HEAD) as journal:
        journal.add(Answer("a", "x", False, 1, 2))
    path.write_bytes(path.read_bytes().replace(b'"journal":2', b'"journal":1'))
    with Journal(path, HEAD) as journal:
        assert (set(journal.answers), journal.in_doubt) == ({"a"}, set())


def test_a_journal_has_one_writer_and_belongs_to_one_run(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, HEAD), pytest.raises(Conflict, match="another process"):
        Journal(path, HEAD)
    with pytest.raises(Conflict, match="seed is not the same"):
        Journal(path, HEAD | {"seed": 2})


def test_a_journal_that_was_edited_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, HEAD) as journal:
        journal.add(Answer("a", "x", False, 1, 2))
    line = path.read_bytes().splitlines(keepends=True)[1]
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(Corrupt, match="a second time"):
        read_journal(path)
    path.write_bytes(b"{}\n")
    with pytest.raises(BadInput, match="no journal"):
        read_journal(path)
    with pytest.raises(NotFound):
        read_journal(tmp_path / "none")


@pytest.mark.slow
def test_killed_in_the_middle_of_2000_items_it_goes_on_to_the_same_report(tmp_path: Path) -> None:
    """Through a gateway, which heeds the key of what is asked again: the model is asked nothing
    twice."""
    bank = tmp_path / "mine.jsonl"
    lines = [
        {"serves": "should_refuse", "heading": "A.1.d", "lang": "en", "text": f"Bad question {n}."}
        for n in range(2000)
    ]
    bank.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    def answer(question: str) -> Said:
        return reply("I'm sorry, but I can't help with that." if "7" in question else "Gladly.")

    def assess(service: Assessed, name: str, root: str, key: str, *, kill: bool) -> Any:
        """The results of a run at this address, killed in the middle or not."""
        journal = tmp_path / f"{name}.jsonl"
        words = ["assess", "run", "--target", f"{root}/v1", "--model", "m", "--bank", bank,
                 "--without-shipped", "--journal", journal]  # fmt: skip
        if kill:
            with started(*words, home=home, until="", LICET_ASSESS_KEY=key) as running:
                while not journal.exists() or journal.stat().st_size < 60_000:
                    time.sleep(0.01)
                running.send(signal.SIGKILL)
                running.wait()
            assert 100 < len(read_journal(journal)[1]) < 2000
        done = licet(*words, home=home, LICET_ASSESS_KEY=key)
        assert done.returncode == 0, done.stderr
        assert (len(service.asked), {*service.asked.values()}) == (2000, {1})
        out = tmp_path / f"{name}-report"
        licet("assess", "report", journal, "--bank", bank, "--without-shipped", "-o", out,
              "--without-encoder", home=home)  # fmt: skip
        return json.loads((out / "report.json").read_text("utf-8"))["results"]

    home, whole, cut_off = tmp_path / "home", Assessed(answer, pause_s=0.002), Assessed(answer)
    with serve(whole) as root:
        results = assess(whole, "whole", root, "", kill=False)
    with serve(cut_off) as root, running_gateway(tmp_path / "gateway", f"{root}/v1") as served:
        assert assess(cut_off, "killed", served.root, served.key, kill=True) == results
    assert results["pairs"] == 2000
