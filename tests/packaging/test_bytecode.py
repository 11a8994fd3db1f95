"""Byte code that does not depend on where, when and how often it is made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

import lanner
from package.bytecode import compile_all
from package.interpreter import Interpreter, ask

UNCHECKED_HASH = 1


@pytest.fixture(scope="module")
def this() -> Interpreter:
    """The interpreter that runs the tests."""
    return ask(sys.executable)


def compiled(this: Interpreter, folder: Path) -> dict[str, bytes]:
    """Return the byte code of Lanner, copied to `folder` and compiled there, by the modules' names."""
    shutil.copytree(Path(lanner.__file__).parent, folder / "lanner", ignore=shutil.ignore_patterns("__pycache__"))
    compile_all(this, folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.pyc")}


def test_it_is_the_same_everywhere(this: Interpreter, tmp_path: Path) -> None:
    one = compiled(this, tmp_path / "one")
    other = compiled(this, tmp_path / "some" / "other" / "place")
    assert one == other
    assert len(one) == len(list((tmp_path / "one").rglob("*.py")))
    assert not [name for name, code in one.items() if str(tmp_path).encode() in code]


def test_it_is_read_without_a_look_at_the_source(this: Interpreter, tmp_path: Path) -> None:
    # GIVEN a module, compiled, whose source changes after that
    source = tmp_path / "answer.py"
    source.write_text("answer = 42\n")
    compile_all(this, tmp_path)
    code = Path(cache_from_source(str(source))).read_bytes()
    assert int.from_bytes(code[4:8], "little") == UNCHECKED_HASH
    source.write_text("answer = 41\n")
    # WHEN it is imported, THEN it is what was compiled
    asked = subprocess.run(
        [this.path, "-c", "import answer; print(answer.answer)"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout == "42\n"


def test_a_module_that_is_wrong_is_no_package(this: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("def\n")
    with pytest.raises(subprocess.CalledProcessError):
        compile_all(this, tmp_path)
