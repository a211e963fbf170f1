from django.db import migrations

# What every append-only table of the service has as its triggers; each needs two, because TRUNCATE fires no
# row trigger. Rows of test data, which say so in a column `mode`, may be deleted (never changed) by whoever
# says first that this is what he is doing: SET LOCAL giftcards.wiping_test_data = 'on'. The conditions are
# nested, because a statement's trigger has no OLD and AND promises no order.
FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_LEVEL = 'ROW' AND TG_OP = 'DELETE' THEN
        IF to_jsonb(OLD) ->> 'mode' = 'test'
            AND current_setting('giftcards.wiping_test_data', true) = 'on'
        THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$
"""


class Migration(migrations.Migration):
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION refuse_change()")]
