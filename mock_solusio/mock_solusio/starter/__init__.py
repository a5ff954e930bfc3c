"""`mock-solusio init`: writes a first endpoint, adapters and CI jobs into a folder.

Each language has a folder with the programs that are written; the documentation explains these same files.
"""
