"""The check of a billing endpoint: target, rules, runner, and what rules expect."""
