"""What checkov finds and we leave so: check, where (a pattern of the address), and why."""

SKIPS = [
]
