"""The commands `check` and `contract`, and the options they share with other commands."""
