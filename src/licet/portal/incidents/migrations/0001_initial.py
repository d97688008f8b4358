"""Proceedings, and the ledgers that are followed."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Proceedings, and the ledgers that are followed."""

    initial = True

    dependencies: ClassVar[list[Any]] = [
        ("accounts", "0002_read_upto"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="FollowedLedger",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("where", models.CharField(max_length=500, unique=True)),
                ("vkey", models.CharField(max_length=300)),
                ("position", models.JSONField(default=dict)),
                ("groups", models.JSONField(default=dict)),
                ("read", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, max_length=300)),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gateways",
                        to="accounts.body",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredProceeding",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=32)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("stage", models.CharField(max_length=64)),
                ("seen_by_authority", models.BooleanField(default=False)),
                ("opened", models.DateTimeField()),
                ("changed", models.DateTimeField()),
                ("moves", models.DateTimeField(null=True)),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proceedings",
                        to="accounts.body",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["holder", "-changed"], name="incidents_s_holder__fb2fea_idx"
                    ),
                    models.Index(
                        fields=["kind", "stage", "-changed"], name="incidents_s_kind_322844_idx"
                    ),
                    models.Index(fields=["moves"], name="incidents_s_moves_6b9e13_idx"),
                ],
            },
        ),
    ]
