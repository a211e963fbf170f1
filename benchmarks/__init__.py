"""Measures what requests cost: `./dev bench`. See docs/performance.md."""
