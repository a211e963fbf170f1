"""How the Django admin asks: pages and dialogs that change data through operations alone, refusals worded on
a form, and a resource's timeline. Every admin module builds on it; it knows none of them.
"""
