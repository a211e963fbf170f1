from cryptography.exceptions import InvalidTag
from django.db import migrations, models

from giftcards import codes
from giftcards.codes import WrongCodeKeys


def remember_the_keys_in_use(apps, schema_editor):
    """Of a database that has codes already, a key must open one before it counts as theirs."""
    cards = apps.get_model("giftcards", "GiftCard").objects.order_by()
    for version in cards.values_list("code_key_version", flat=True).distinct():
        card = cards.filter(code_key_version=version).first()
        try:
            codes.unseal(card.code_ciphertext, key_version=version, card_id=card.pk)
        except KeyError:
            raise WrongCodeKeys(version, "is missing") from None
        except InvalidTag:
            raise WrongCodeKeys(version, "is another one") from None
        apps.get_model("giftcards", "CodeKeyFingerprint").objects.create(
            version=version, fingerprint=codes.fingerprints()[version]
        )


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0010_an_index_for_each_order")]

    operations = [
        migrations.CreateModel(
            name="CodeKeyFingerprint",
            fields=[
                ("version", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("fingerprint", models.BinaryField()),
            ],
        ),
        migrations.RunPython(remember_the_keys_in_use, migrations.RunPython.noop),
    ]
