"""The command `pricing`: price lists, and the prices that the plans of a SolusIO have."""
