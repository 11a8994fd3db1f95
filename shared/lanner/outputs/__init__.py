"""Where alerts go: one module a destination, the fan-out to several, retries, dead letters."""
