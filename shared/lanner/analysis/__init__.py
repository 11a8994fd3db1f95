"""What looks at rules rather than at logs: lint, and the tests that stand beside rules."""
