"""The benchmarks of serving and of memory, at a tiny size; and how all are told."""

import json
import re
from pathlib import Path

import pytest
from loops import apart

from benchmarks import memory, report, serving, soak

KEPT = {
    "visitors", "servers", "soak", "memory", "first_screen", "interaction", "serving",
    "training_speed", "training_profile", "quality",
}  # fmt: skip
BENCHMARKS = Path(report.__file__).parent


def test_serving_compares_the_same_networks_in_every_way(capsys: pytest.CaptureFixture) -> None:
    rows = serving.main(["--runs", "map", "--sizes", "1", "2", "--seconds", "0", "--repeats", "1"])
    assert [(row["task"], row["n"]) for row in rows] == [
        ("encode", 1), ("encode", 2), ("decode", 1), ("decode", 2)
    ]  # fmt: skip
    for row in rows:
        assert list(row["milliseconds"]) == list(serving.WAYS)
        assert all(0 < value < 60_000 for (value,) in row["milliseconds"].values())
    assert "| `map`, decode 2 |" in capsys.readouterr().out


@pytest.mark.timeout(180)
def test_a_soak_visits_every_page_with_other_models_and_notes_memory() -> None:
    rows = apart(soak.main, ["--visits", "10", "--at-once", "1", "--models", "2"])
    assert [row["visits"] for row in rows] == [7 * tenth for tenth in range(1, 11)]
    assert [row["errors"] for row in rows] == [[]] * 10
    assert all(50 < row["megabytes"] < 2000 for row in rows)


def test_memory_is_told_after_each_page_beside_what_streamlit_takes_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "PAGES", ("how_it_works",))
    rows = apart(memory.main, [])
    assert [row["after"] for row in rows][1:3] == ["start", "how_it_works"]
    bare, start, first, second = (row["megabytes"] for row in rows)
    assert 20 < start < first
    assert 50 < bare < second < 1000


def test_what_is_kept_stands_between_its_two_comments_and_beside_it_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("a\n<!-- load -->\nold\n<!-- end of load -->\nb\n")
    table = report.table(["n", "ms"], [["1", report.spread([3.0, 1.0, 2.0])]])
    report.tell("load", [3.0, 1.0, 2.0], table, write=True, folder=tmp_path)
    assert "| 1 | 2 (1–3) |" in readme.read_text()
    assert "old" not in readme.read_text()
    assert report.hardware() in readme.read_text()
    assert json.loads((tmp_path / "results" / "load.json").read_text())["results"] == [3, 1, 2]
    assert "| 1 | 2 (1–3) |" in capsys.readouterr().out


def test_a_benchmark_without_a_place_in_the_readme_says_so(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("nothing here")
    with pytest.raises(ValueError, match="<!-- load -->"):
        report.tell("load", [], "", write=True, folder=tmp_path)


def test_the_readme_names_every_benchmark_and_has_a_place_for_what_each_keeps() -> None:
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    commands = {
        (file.parent if file.stem == "__main__" else file).stem
        for file in [*BENCHMARKS.glob("*.py"), *BENCHMARKS.glob("*/__main__.py")]
        if "argparse" in (content := file.read_text(encoding="utf-8")) or "__main__" in content
    }
    assert commands == set(re.findall(r"python -m benchmarks\.(\w+)", text))
    places = re.findall(r"<!-- (\w+) -->\n.+?\n<!-- end of \1 -->", text, re.DOTALL)
    assert set(places) == KEPT
