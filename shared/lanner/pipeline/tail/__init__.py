"""A stream of messages that is read for as long as it flows: connected again, judged, its gaps noticed."""
