"""The operator's page below `/_mock/`: what a person does with the control API, in a browser."""
