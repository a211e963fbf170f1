from django.db import migrations

# Version 1 of the hash, the same as giftcards.chain.chain_hash: never replaced, because old entries keep
# their hash.
FUNCTION = """
CREATE FUNCTION giftcards_chain_hash(previous bytea, parts text[]) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(previous || convert_to(string_agg(
        CASE WHEN part IS NULL THEN '-,' ELSE octet_length(part) || ':' || part || ',' END, ''
        ORDER BY position
    ), 'UTF8'))
    FROM unnest(parts) WITH ORDINALITY AS listed (part, position)
$$
"""


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0003_references_agree_on_mode")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION giftcards_chain_hash(bytea, text[])")]
