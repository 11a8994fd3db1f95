"""The benchmark: what an event costs, in CPU time, beside `json.loads` of the same bytes (`make bench`)."""
