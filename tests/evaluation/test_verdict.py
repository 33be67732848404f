"""No likelihood without its mark: the words that every table, command and page takes from one place."""

import math
import subprocess
import sys

import pytest

from rbm.evaluation import verdict

AIS = {"method": "ais", "trustworthy": True, "reason": "They agree.", "log_z": 50.0, "log_z_reverse": 50.2}


@pytest.mark.parametrize(
    ("ess", "text"),
    [
        (None, "−119.03"),
        (5.0, "−119.03"),
        (99.0, "−119.03"),
        (4.99, "−119.03 (unreliable)"),
        (1.0, "−119.03 (unreliable)"),
        (math.nan, "−119.03 (unreliable)"),
    ],
)
def test_a_number_is_quoted_with_its_mark(ess, text):
    assert verdict.quoted(-119.031, ess) == text
    assert verdict.quoted(-119.031, ess, 1) == text.replace("−119.03", "−119.0")


@pytest.mark.parametrize(
    ("ess", "gap", "mark", "sentences"),
    [
        (20.0, 0.3, "", ()),
        (None, 0.0, "", ()),
        (20.0, -0.004, "", ()),
        (2.6, 0.3, "unreliable", ("Unreliable: effective sample size 2.6 (at least 5 needed). Use more temperatures.",)),
        (20.0, -0.14, "", ("The two estimates are crossed by 0.14 nats: they enclose the truth only in expectation.",)),
    ],
)  # fmt: skip
def test_the_verdict_says_what_is_wrong(ess, gap, mark, sentences):
    assert verdict.judge(ess=ess, gap=gap) == (mark, sentences)


def test_a_few_chains_and_crossed_estimates_are_two_sentences():
    assert len(verdict.judge(ess=1.2, gap=-3.0).sentences) == 2


def test_results_of_every_version_are_judged():
    assert verdict.of_result({"method": "exact", "trustworthy": True}) == ("", ())
    assert verdict.of_result({**AIS, "ess": 20.0}) == ("", ())
    assert verdict.of_result({**AIS, "ess": 20.0, "ess_reverse": 30.0}) == ("", ())
    assert verdict.of_result({**AIS, "ess": 2.6}).mark == "unreliable"
    few = verdict.of_result({**AIS, "ess": 20.0, "ess_reverse": 1.4})
    assert few.mark == "unreliable"
    assert "effective sample size 1.4" in few.sentences[0]
    assert "crossed by 0.30" in verdict.of_result({**AIS, "ess": 20.0, "log_z_reverse": 49.7}).sentences[0]
    far = verdict.of_result({**AIS, "ess": 20.0, "log_z_reverse": 60.0, "trustworthy": False, "reason": "Far apart."})
    assert far == ("unreliable", ("Far apart.",))


def test_the_screen_may_read_it_without_torch():
    code = "import sys, rbm.evaluation.verdict; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_a_little_too_few_does_not_read_as_enough():
    assert "effective sample size 4.9 (at least 5 needed)" in verdict.too_few(4.97)
    assert "effective sample size 2.0 " in verdict.too_few(1.96)
    assert "effective sample size nan " in verdict.too_few(math.nan)
