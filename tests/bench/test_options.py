"""What the benchmark is asked for, and what it refuses."""

import pytest

from bench.__main__ import _options, _sizes, main


@pytest.mark.parametrize("more", [["--quick"], ["--parts", "files,cold"], ["--quick", "--parts", "jobs"]])
def test_a_part_of_the_numbers_is_not_published(more, capsys):
    with pytest.raises(SystemExit):
        main(["--publish", *more])
    assert "--publish: a part of the numbers is not for the page" in capsys.readouterr().err


def test_published_numbers_are_of_the_sizes_that_the_targets_mean():
    def sizes(*arguments):
        found = _sizes(_options(arguments))
        return found.events, found.hostile, found.jobs

    assert sizes() == (200_000, 200_000, 200_000)
    assert sizes("--publish") == (200_000, 200_000, 1_000_000)
    assert sizes("--publish", "--hostile", "5000000", "--jobs", "400000") == (200_000, 5_000_000, 400_000)


@pytest.mark.parametrize("option", ["--file", "--show"])
def test_a_file_that_is_not_there(option, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([option, str(tmp_path / "none")])
    assert f"{option} {tmp_path / 'none'}: there is no such file" in capsys.readouterr().err
