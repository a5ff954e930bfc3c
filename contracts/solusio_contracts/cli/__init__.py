"""The commands of the contract: `check`, `contract`, and the options that they share."""
