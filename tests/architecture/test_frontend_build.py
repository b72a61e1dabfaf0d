"""The bundle of the pages: whole, licensed, free of what a strict content security policy forbids."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import build_backend

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def manifest() -> dict[str, str]:
    build_backend.build_frontend()
    found: dict[str, str] = json.loads((build_backend.DIST / "manifest.json").read_text())
    return found


def test_every_entry_has_a_file_with_its_hash_in_the_name(manifest: dict[str, str]) -> None:
    everywhere = {"app.js", "app.css", "diagram.js", "theme.js"}
    own = {"charts.js", *(f"{page}.{kind}" for page in ("differ", "dmn", "modeler") for kind in ("js", "css"))}
    assert set(manifest) == everywhere | own
    for entry, file in manifest.items():
        assert (build_backend.DIST / file).stat().st_size > 500
        assert file != entry


def test_a_second_build_has_nothing_to_do(manifest: dict[str, str]) -> None:
    before = (build_backend.DIST / "manifest.json").stat().st_mtime_ns
    build_backend.build_frontend()
    assert not build_backend.is_stale()
    assert (build_backend.DIST / "manifest.json").stat().st_mtime_ns == before


def test_licences_of_what_is_inside_come_along(manifest: dict[str, str]) -> None:
    text = (build_backend.DIST / "third-party.txt").read_text()
    assert "bpmn.io project watermark" in text
    for package in ("bpmn-js", "dmn-js", "diagram-js", "echarts", "htmx.org", "@tabler/core"):
        assert f"\n{package} " in text


def test_pages_bring_no_font_and_call_nobody_else(manifest: dict[str, str]) -> None:
    css = (build_backend.DIST / manifest["app.css"]).read_text()
    assert "fonts.googleapis" not in css
    assert "url(http" not in css.replace('url("http', "url(http")
    assert "Noto Sans CJK SC" in css


def test_packages_are_pinned_exactly_and_locked() -> None:
    for folder in (ROOT / "frontend", *(ROOT / "tests" / "support" / name for name in ("browser", "axe"))):
        wanted = json.loads((folder / "package.json").read_text())
        lock = json.loads((folder / "package-lock.json").read_text())
        named = wanted.get("dependencies", {}) | wanted.get("devDependencies", {})
        assert named, folder
        for package, version in named.items():
            assert lock["packages"][f"node_modules/{package}"]["version"] == version


def test_no_built_file_is_kept_in_git() -> None:
    kept = subprocess.run(["git", "ls-files", "app/static/dist"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert kept.stdout == ""


def test_a_machine_without_node_gets_one_from_a_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    monkeypatch.setattr(build_backend, "is_stale", lambda: True)
    assert build_backend.NODE_WHEEL in build_backend.get_requires_for_build_wheel()
    node, npm = build_backend.node_and_npm()  # the wheel is part of the test extra
    said = subprocess.run([*npm, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout[0].isdigit()
    assert Path(node).is_file()
