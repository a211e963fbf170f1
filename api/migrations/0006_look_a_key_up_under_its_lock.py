from django.db import migrations

# The lock on a key, which is only tried, and whether the key is known once that is done. VOLATILE, so that
# the query sees what the last holder of the lock has committed; a statement that did both would see what was
# there when it began.
UNDER_LOCK = """
CREATE FUNCTION api_idempotency_key_under_lock(
    scope text, of_mode text, of_application uuid, given_key text, OUT locked boolean, OUT is_known boolean
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    locked := pg_try_advisory_xact_lock(hashtextextended(scope, 0));
    is_known := EXISTS (
        SELECT FROM api_idempotencykey
        WHERE mode = of_mode AND application_id = of_application AND key = given_key
    );
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0005_throttle_count")]

    operations = [
        migrations.RunSQL(UNDER_LOCK, "DROP FUNCTION api_idempotency_key_under_lock(text, text, uuid, text)"),
    ]
