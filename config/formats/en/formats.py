"""How the back office writes dates: a month in words can't be taken for a day."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
