from django.db import migrations, models

# As in 0003: the reference carries the mode, so that no live card has a test tag or a test note.
AGREEMENTS = {
    "tagging_agrees_with_its_card": (
        "giftcards_giftcardtag",
        "(gift_card_id, mode) REFERENCES giftcards_giftcard (id, mode)",
    ),
    "tagging_agrees_with_its_tag": (
        "giftcards_giftcardtag",
        "(tag_id, mode) REFERENCES giftcards_tag (id, mode)",
    ),
    "attachment_agrees_with_its_card": (
        "giftcards_attachment",
        "(gift_card_id, mode) REFERENCES giftcards_giftcard (id, mode)",
    ),
}


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0008_attachment")]

    operations = [
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.UniqueConstraint(
                fields=("mode", "id"), name="gift_card_is_referred_to_with_mode"
            ),
        ),
        *(
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {reference}",
                f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            )
            for name, (table, reference) in AGREEMENTS.items()
        ),
    ]
