from django.db import migrations

TRIGGERS = """
CREATE TRIGGER idempotency_keys_are_append_only BEFORE UPDATE OR DELETE ON api_idempotencykey
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER idempotency_keys_are_never_truncated BEFORE TRUNCATE ON api_idempotencykey
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

NO_TRIGGERS = """
DROP TRIGGER idempotency_keys_are_never_truncated ON api_idempotencykey;
DROP TRIGGER idempotency_keys_are_append_only ON api_idempotencykey;
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0001_idempotency_key"), ("kernel", "0001_append_only_tables")]

    operations = [migrations.RunSQL(TRIGGERS, NO_TRIGGERS)]
