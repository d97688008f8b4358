"""`licet compute simulate`: every policy in a table and a plot, and files that are neither."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from licet.cli.main import licet
from licet.compute.policies import POLICIES
from licet.compute.simulate.demand import GAVEL_MODELS


def run(*command: str | Path | int) -> Result:
    return CliRunner().invoke(licet, ["compute", *map(str, command)])


@pytest.fixture
def throughputs(tmp_path: Path) -> Path:
    """A file in the form of Gavel's, with made-up numbers."""
    table = {
        kind: {
            f"('{model.name}', 1)": {"null": 10.0 * speed / (1 + place % 3)}
            for place, model in enumerate(GAVEL_MODELS)
        }
        for kind, speed in (("v100", 1.0), ("p100", 0.6), ("k80", 0.2))
    }
    path = tmp_path / "throughputs.json"
    path.write_text(json.dumps(table))
    return path


def test_every_policy_has_a_row_and_a_bar(throughputs: Path, tmp_path: Path) -> None:
    picture = tmp_path / "policies.svg"
    ran = run("simulate", "--gavel", throughputs, "--count", 4, "--rate", 0.05, "--jobs", 0, 3,
              "--plot", picture)  # fmt: skip
    assert ran.exit_code == 0, ran.output
    assert [line.split()[0] for line in ran.output.splitlines()] == ["policy", *POLICIES]
    texts = [one.text for one in ET.parse(picture).iter() if one.tag.endswith("text")]
    assert all(name in texts for name in POLICIES)


def test_recorded_demand_is_read(tmp_path: Path) -> None:
    philly = tmp_path / "philly.csv"
    philly.write_text(
        "timestamp,duration,num_gpus,gpu_time,cluster\n"
        "2017-10-09 07:01:55,660.0,1,660.0,a\n2017-10-09 06:13:03,2951.0,2,5902.0,b\n"
    )
    ran = run("simulate", "--philly", philly, "--count", 2, "--jobs", 0, 2, "--policy", "fifo")
    assert ran.exit_code == 0, ran.output
    assert ran.output.splitlines()[1].split()[-1] == "2"
    nodes, pods = tmp_path / "nodes.csv", tmp_path / "pods.csv"
    nodes.write_text("sn,cpu_milli,memory_mib,gpu,model\nn0,1,1,2,T4\nn1,1,1,2,P100\n")
    pods.write_text(
        "name,num_gpu,gpu_milli,gpu_spec,creation_time,deletion_time,scheduled_time\n"
        "p0,1,1000,T4,0,1000,0\np1,2,1000,,5,2000,10\np2,1,300,,5,2000,10\n"
    )
    ran = run("simulate", "--openb", nodes, pods, "--jobs", 0, 5, "--speed", "T4=0.5")
    assert ran.exit_code == 0, ran.output
    assert ran.output.splitlines()[-1].split()[-1] == "2", "a part of an accelerator is left out"


@pytest.mark.parametrize("more", [
    (), ("--philly", "FILE", "--gavel", "FILE"), ("--gavel", "FILE"), ("--philly", "FILE"),
    ("--gavel", "FILE", "--jobs", "5", "5"), ("--openb", "FILE", "FILE"),
    ("--openb", "FILE", "FILE", "--speed", "T4=fast"),
])  # fmt: skip
def test_what_cannot_be_used_is_said(more: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_text("a,b\n1,2\n")
    ran = run("simulate", *(str(path) if one == "FILE" else one for one in more))
    assert ran.exit_code == 2
    assert ran.output.strip()


MARKET = """
[[pool]]
id = "a"
supplier = "sup-a"
kind = "h20"
count = 8
node = 8
price_fen_hour = 1200
region = "north"

[[need]]
id = "n1"
account = "acme"
work = 3600
unit = "steps"
budget_fen = BUDGET
speed.h20 = { value = 1.0, basis = "measured", source = "probe 7", at = 2026-11-01T00:00:00Z }

[[under_way]]
id = "w1"
account = "beta"
work = 7200
left = 3600
unit = "steps"
gang = 8
speed.h20 = { value = 1.0, basis = "assumed", source = "a guess", at = 2026-11-01T00:00:00Z }
"""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_need_is_answered_before_it_queues(tmp_path: Path, lang: str) -> None:
    path, at = tmp_path / "market.toml", "2026-12-01T08:00:00+08:00"
    path.write_text(MARKET.replace("BUDGET", "5000"))
    offered = run("offers", path, "--lang", lang, "--at", at)
    assert offered.exit_code == 0, offered.output
    assert offered.output.startswith("n1  2026-12-01T00:00:00Z – ")
    assert "12.00 CNY" in offered.output
    explained = run("explain", path, "--lang", lang, "--at", at)
    assert explained.output.startswith("w1  a 100%")
    assert "1/s" in run("needs", path, "--lang", lang, "--at", at).output
    path.write_text(MARKET.replace("BUDGET", "10"))
    declined = run("offers", path, "--lang", lang, "--at", at)
    assert declined.exit_code == 1
    assert ("预算" if lang == "zh" else "budget") in declined.output


@pytest.mark.parametrize("change", [
    ("count", "counts"), ("node = 8", "node = 0"), ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00"),
    ("w1", "n1"), ("work = 3600", "work = -1"), ('"measured"', '"dreamt"'),
])  # fmt: skip
def test_a_market_of_nonsense_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    path = tmp_path / "market.toml"
    path.write_text(MARKET.replace("BUDGET", "5000").replace(*change))
    assert run("offers", path).exit_code == 2
