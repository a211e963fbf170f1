from django.db import migrations

# What sealing a code asks for first: the lock, and what is stored once it is held. VOLATILE, so that the
# query sees what whoever held the lock has committed; a statement that did both would see what there was
# before its wait.
UNDER_LOCK = """
CREATE FUNCTION giftcards_code_keys_under_lock(lock text, exclusively boolean)
RETURNS TABLE (version smallint, fingerprint bytea) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    IF exclusively THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(lock, 0));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(lock, 0));
    END IF;
    RETURN QUERY SELECT version, fingerprint FROM giftcards_codekeyfingerprint;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0036_what_a_posting_calls")]

    operations = [
        migrations.RunSQL(UNDER_LOCK, "DROP FUNCTION giftcards_code_keys_under_lock(text, boolean)"),
    ]
