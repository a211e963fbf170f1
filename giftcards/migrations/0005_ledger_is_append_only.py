from django.db import migrations

# TRUNCATE fires no row trigger, so it needs its own.
TRIGGERS = """
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON giftcards_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_is_never_truncated BEFORE TRUNCATE ON giftcards_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

NO_TRIGGERS = """
DROP TRIGGER ledger_is_never_truncated ON giftcards_ledgerentry;
DROP TRIGGER ledger_is_append_only ON giftcards_ledgerentry;
"""


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0004_chain_hash"), ("events", "0002_events_are_append_only")]

    operations = [migrations.RunSQL(TRIGGERS, NO_TRIGGERS)]
