"""Recorded events on the whole way through a cloud on this machine, to the alert as it arrives."""
