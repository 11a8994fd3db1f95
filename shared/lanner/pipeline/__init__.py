"""What all functions share: from a trigger's payload to alerts that are safe."""

from lanner.pipeline.outcome import Outcome
from lanner.pipeline.pipeline import Pipeline
from lanner.pipeline.settings import Settings

__all__ = ["Outcome", "Pipeline", "Settings"]
