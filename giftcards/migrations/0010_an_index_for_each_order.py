import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("giftcards", "0009_tags_and_attachments_agree_on_mode"),
        ("markets", "0001_market"),
        ("recipients", "0003_addresses_are_found_by_index"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="giftcard",
            name="gift_card_newest_first",
        ),
        migrations.RemoveIndex(
            model_name="giftcard",
            name="gift_card_reference",
        ),
        migrations.AlterField(
            model_name="giftcard",
            name="gift_card_recipient",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="gift_cards",
                to="recipients.giftcardrecipient",
            ),
        ),
        migrations.AlterField(
            model_name="giftcard",
            name="market",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="gift_cards",
                to="markets.market",
            ),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "created_at", "id"], name="gift_card_by_creation"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "updated_at", "id"], name="gift_card_by_update"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "expires_at", "id"], name="gift_card_by_expiry"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "balance_cents", "id"], name="gift_card_by_balance"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "status", "id"], name="gift_card_by_status"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "reference", "id"], name="gift_card_by_reference"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(
                models.F("mode"),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("reference"), name="text_pattern_ops"
                ),
                name="gift_card_by_reference_start",
            ),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["market", "id"], name="gift_card_by_market"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["gift_card_recipient", "id"], name="gift_card_by_recipient"),
        ),
    ]
