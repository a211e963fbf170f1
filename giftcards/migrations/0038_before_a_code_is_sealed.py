from django.db import migrations

# What a new card's own statement asks first: whether the key that sealed its code is the newest one known
# here, under the lock that all who seal share until their transaction ends; and whether one of the digests
# is a card's. VOLATILE, so that each query in it sees what is committed by then, after the wait for the lock;
# the statement around it sees what was committed before. A key that is not known yet is looked for without
# the lock: whoever makes it known needs the lock alone, and could not get it while several share it.
BEFORE_SEALING = """
CREATE FUNCTION giftcards_before_sealing(
    lock text, sealing smallint, its_fingerprint bytea, in_mode text, digests bytea[]
) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM giftcards_codekeyfingerprint WHERE version = sealing AND fingerprint = its_fingerprint
    ) THEN
        RETURN 'another key';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(lock, 0));
    IF EXISTS (SELECT FROM giftcards_codekeyfingerprint WHERE version > sealing) THEN
        RETURN 'another key';
    END IF;
    IF digests IS NOT NULL AND EXISTS (
        SELECT FROM giftcards_giftcard WHERE mode = in_mode AND code_digest = ANY (digests)
    ) THEN
        RETURN 'taken';
    END IF;
    RETURN 'free';
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0037_code_keys_under_lock")]

    operations = [
        migrations.RunSQL(
            BEFORE_SEALING, "DROP FUNCTION giftcards_before_sealing(text, smallint, bytea, text, bytea[])"
        ),
    ]
