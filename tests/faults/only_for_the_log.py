"""What the crashing service says, apart from it: importing a server starts one."""

from typing import Final

SECRET: Final = "what only the log may tell"
