from django.db import migrations

# See kernel/migrations/0002. Making a trigger keeps writers away until the end of this transaction, so the
# count begins with what is there.
COUNTED = """
CREATE TRIGGER gift_cards_are_counted_in AFTER INSERT ON giftcards_giftcard
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_rows();
CREATE TRIGGER gift_cards_are_counted_out AFTER DELETE ON giftcards_giftcard
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_rows();
CREATE TRIGGER gift_cards_are_counted_over AFTER UPDATE OF mode ON giftcards_giftcard
    FOR EACH ROW WHEN (OLD.mode IS DISTINCT FROM NEW.mode) EXECUTE FUNCTION count_rows();
CREATE TRIGGER gift_cards_are_counted_off AFTER TRUNCATE ON giftcards_giftcard
    FOR EACH STATEMENT EXECUTE FUNCTION count_rows();
SELECT count_rows_anew('giftcards_giftcard');
"""

NOT_COUNTED = """
DROP TRIGGER gift_cards_are_counted_off ON giftcards_giftcard;
DROP TRIGGER gift_cards_are_counted_over ON giftcards_giftcard;
DROP TRIGGER gift_cards_are_counted_out ON giftcards_giftcard;
DROP TRIGGER gift_cards_are_counted_in ON giftcards_giftcard;
DELETE FROM kernel_rowcount WHERE counted = 'giftcards_giftcard';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("giftcards", "0031_cards_and_payments_of_an_order"),
        ("kernel", "0002_row_counts"),
    ]

    operations = [migrations.RunSQL(COUNTED, NOT_COUNTED)]
