"""Migrations of tables that the present release writes to. Each changes one table alone: while it waits for a
second, it could hold up the very client that it waits for."""
