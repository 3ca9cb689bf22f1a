"""Configs: the settings and their checks, studies, cells and shards."""
