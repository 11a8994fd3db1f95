"""What a rule may name: the catalogue of fields, their extraction, and the event they are read from."""

from lanner.fields.catalogue import Catalogue, catalogue
from lanner.fields.event import BODIES, Event, Intake, RawEvent
from lanner.fields.field import WHOLE, BoundField, Field
from lanner.fields.types import Argument, Extracted, NoValue, Type, Value

__all__ = [
    "BODIES",
    "WHOLE",
    "Argument",
    "BoundField",
    "Catalogue",
    "Event",
    "Extracted",
    "Field",
    "Intake",
    "NoValue",
    "RawEvent",
    "Type",
    "Value",
    "catalogue",
]
