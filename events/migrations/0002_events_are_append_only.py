from django.db import migrations

# Shared by every append-only table of the service (the ledger too), hence a name without "event".
FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$
"""

# TRUNCATE fires no row trigger, so it needs its own.
TRIGGERS = """
CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE ON events_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON events_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

NO_TRIGGERS = """
DROP TRIGGER events_are_never_truncated ON events_event;
DROP TRIGGER events_are_append_only ON events_event;
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_event")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION refuse_change()"),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
