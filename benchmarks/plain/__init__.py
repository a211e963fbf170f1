"""The same models behind unmodified DJA viewsets, for a ratio that stays honest."""
