from django.db import migrations

# A row and what it refers to agree on mode, and where money is concerned on currency: the reference carries
# both, so that neither a bug nor a hand-written UPDATE can join test and live data. Django's own foreign keys
# cannot say this.
AGREEMENTS = {
    "gift_card_agrees_with_its_market": (
        "giftcards_giftcard",
        "(market_id, mode, currency_code) REFERENCES markets_market (id, mode, currency_code)",
    ),
    "gift_card_agrees_with_its_recipient": (
        "giftcards_giftcard",
        "(gift_card_recipient_id, mode) REFERENCES recipients_giftcardrecipient (id, mode)",
    ),
    "ledger_entry_agrees_with_its_card": (
        "giftcards_ledgerentry",
        "(gift_card_id, mode, currency_code) REFERENCES giftcards_giftcard (id, mode, currency_code)",
    ),
    "ledger_entry_agrees_with_its_market": (
        "giftcards_ledgerentry",
        "(market_id, mode, currency_code) REFERENCES markets_market (id, mode, currency_code)",
    ),
    "ledger_entry_gives_back_one_of_its_card": (
        "giftcards_ledgerentry",
        "(gift_card_id, original_sequence) REFERENCES giftcards_ledgerentry (gift_card_id, sequence)",
    ),
}


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0002_ledger_entry")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {reference}",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        )
        for name, (table, reference) in AGREEMENTS.items()
    ]
