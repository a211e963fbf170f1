from django.db import migrations

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
    dependencies = [("events", "0001_event"), ("kernel", "0001_append_only_tables")]

    operations = [migrations.RunSQL(TRIGGERS, NO_TRIGGERS)]
