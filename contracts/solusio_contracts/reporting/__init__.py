"""Reports and what is made of them: baseline, progress, console and file formats."""
