"""A run over inputs: what an engine makes of what the sources give, in one process or in several."""

from lanner.scan.judge import Judge
from lanner.scan.part import Part
from lanner.scan.run import parts_of

__all__ = ["Judge", "Part", "parts_of"]
