"""The control API under `/_mock`: clock, fixtures, journal, faults, snapshots."""
