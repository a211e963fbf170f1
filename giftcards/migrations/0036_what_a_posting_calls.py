from django.db import migrations

# Both are in PL/pgSQL, which keeps the plans of what it does; a function in SQL is planned at each call.

# What the posting statement asks after it has waited for a card's lock: the number of the card's next event,
# and its market as it is by then. VOLATILE, so that each query in it sees what is committed by that time; the
# statement around it sees what was committed before its wait.
SEEN = """
CREATE FUNCTION giftcards_seen_under_lock(
    card_id uuid, in_market uuid,
    OUT event_sequence int, OUT market_is_enabled boolean, OUT market_keeps_remainder boolean
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    event_sequence := 1 + coalesce((SELECT max(sequence) FROM events_event WHERE subject_id = card_id), 0);
    IF in_market IS NULL THEN
        market_is_enabled := true;
        market_keeps_remainder := true;
    ELSE
        SELECT disabled_at IS NULL, keeps_single_use_remainder FROM markets_market WHERE id = in_market
        INTO market_is_enabled, market_keeps_remainder;
    END IF;
END
$$
"""

# Version 1 of the hash, as it always was, in other words: old entries keep their hash.
HASH = """
CREATE OR REPLACE FUNCTION giftcards_chain_hash(previous bytea, parts text[]) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    part text;
    netstrings text := '';
BEGIN
    FOREACH part IN ARRAY parts LOOP
        netstrings := netstrings || coalesce(octet_length(part) || ':' || part || ',', '-,');
    END LOOP;
    RETURN sha256(previous || convert_to(netstrings, 'UTF8'));
END
$$
"""
HASH_IN_SQL = """
CREATE OR REPLACE FUNCTION giftcards_chain_hash(previous bytea, parts text[]) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(previous || convert_to(string_agg(
        CASE WHEN part IS NULL THEN '-,' ELSE octet_length(part) || ':' || part || ',' END, ''
        ORDER BY position
    ), 'UTF8'))
    FROM unnest(parts) WITH ORDINALITY AS listed (part, position)
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("giftcards", "0035_cancel_permission"),
        ("events", "0002_events_are_append_only"),
    ]

    operations = [
        migrations.RunSQL(SEEN, "DROP FUNCTION giftcards_seen_under_lock(uuid, uuid)"),
        migrations.RunSQL(HASH, HASH_IN_SQL),
    ]
