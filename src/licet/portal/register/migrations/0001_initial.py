"""The first tables of the register.

It refuses to know why; see the models.
"""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Listings, versions, steps."""

    initial = True

    dependencies: ClassVar[list[Any]] = []

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Listing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=96, unique=True)),
                ("case", models.CharField(max_length=64, unique=True)),
                ("route", models.CharField(max_length=64)),
                ("route_name", models.JSONField()),
                ("title", models.CharField(max_length=200)),
                ("holder", models.CharField(max_length=200)),
                ("region", models.CharField(blank=True, db_index=True, max_length=100)),
                ("status", models.CharField(max_length=16)),
                ("stage_name", models.JSONField()),
                ("granted", models.DateTimeField()),
                ("changed", models.DateTimeField()),
                ("until", models.DateField(null=True)),
                ("upstream", models.CharField(blank=True, db_index=True, max_length=96)),
                ("upstream_status", models.CharField(blank=True, max_length=16)),
                ("conditions", models.JSONField(default=list)),
                ("display", models.JSONField(default=dict)),
                ("search", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["-granted", "-id"], name="register_li_granted_87f7b2_idx"
                    ),
                    models.Index(
                        fields=["status", "-granted", "-id"], name="register_li_status_5e06b6_idx"
                    ),
                    models.Index(
                        fields=["route", "-granted", "-id"], name="register_li_route_ae8560_idx"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
                ("name", models.JSONField()),
                ("status", models.CharField(max_length=16)),
                ("reasons", models.JSONField(default=list)),
                ("remedies", models.JSONField(default=list)),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="register.listing",
                    ),
                ),
            ],
            options={
                "ordering": ["-seq"],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("rows", models.JSONField()),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="register.listing",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("listing", "number"), name="version_once")
                ],
            },
        ),
    ]
