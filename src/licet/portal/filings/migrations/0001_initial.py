"""The first tables of cases.

It refuses to know why; see the models.
"""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


def begin(apps: Any, schema_editor: Any) -> None:
    """The one row of Head."""
    apps.get_model("filings", "Head").objects.create(pk=1)


class Migration(migrations.Migration):
    """Cases, events, attachments."""

    initial = True

    dependencies: ClassVar[list[Any]] = [
        ("accounts", "0001_initial"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Head",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("next_seq", models.PositiveBigIntegerField(default=0)),
                ("published", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="StoredCase",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("route", models.CharField(max_length=64)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("filing", models.CharField(max_length=64)),
                ("licence", models.CharField(max_length=64)),
                ("number", models.CharField(max_length=96, null=True, unique=True)),
                ("upstream", models.CharField(blank=True, max_length=96)),
                ("opened", models.DateTimeField()),
                ("changed", models.DateTimeField()),
                ("moves", models.DateTimeField(null=True)),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="accounts.body",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=120)),
                ("size", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="filings.storedcase",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredEvent",
            fields=[
                ("seq", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("refused", models.BooleanField(default=False)),
                ("kind", models.CharField(max_length=64)),
                ("actor", models.CharField(max_length=64)),
                ("role", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("data", models.JSONField()),
                ("entry", models.BinaryField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="filings.storedcase",
                    ),
                ),
            ],
            options={
                "ordering": ["seq"],
            },
        ),
        migrations.AddIndex(
            model_name="storedcase",
            index=models.Index(
                fields=["holder", "-changed"], name="filings_sto_holder__ecd91b_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="storedcase",
            index=models.Index(
                fields=["filing", "-changed"], name="filings_sto_filing_2b258e_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="storedcase",
            index=models.Index(fields=["moves"], name="filings_sto_moves_29a417_idx"),
        ),
        migrations.AddIndex(
            model_name="storedcase",
            index=models.Index(fields=["upstream"], name="filings_sto_upstrea_1440e5_idx"),
        ),
        migrations.AddIndex(
            model_name="storedevent",
            index=models.Index(fields=["case", "seq"], name="filings_sto_case_id_5bd7cd_idx"),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
